# Each room is an export set of its own, so that find_package(reshard COMPONENTS algebra) needs no third party.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(destination ${CMAKE_INSTALL_LIBDIR}/cmake/reshard)
get_property(components GLOBAL PROPERTY reshard_components)
foreach(name IN LISTS components)
  install(TARGETS reshard_${name} EXPORT reshard-${name} FILE_SET HEADERS)
  install(EXPORT reshard-${name} NAMESPACE reshard:: DESTINATION ${destination})
endforeach()
install(FILES ${PROJECT_SOURCE_DIR}/include/reshard/reshard.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/reshard)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/reshard-config-version.cmake
                                 COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${PROJECT_SOURCE_DIR}/cmake/reshard-config.cmake ${PROJECT_SOURCE_DIR}/cmake/Findlibdeflate.cmake
              ${PROJECT_BINARY_DIR}/reshard-config-version.cmake DESTINATION ${destination})
