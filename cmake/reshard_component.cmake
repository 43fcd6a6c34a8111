# reshard_component(name [LINK rooms...]): the INTERFACE library reshard::name of a room, with its headers.
function(reshard_component name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/reshard/${name}/*.hpp
       ${PROJECT_SOURCE_DIR}/include/reshard/${name}.hpp)
  add_library(reshard_${name} INTERFACE)
  add_library(reshard::${name} ALIAS reshard_${name})
  target_compile_features(reshard_${name} INTERFACE cxx_std_20)
  target_sources(reshard_${name} INTERFACE FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/include
                                                FILES ${headers})
  set_target_properties(reshard_${name} PROPERTIES EXPORT_NAME ${name}
                                                   VERIFY_INTERFACE_HEADER_SETS ${PROJECT_IS_TOP_LEVEL})
  foreach(room IN LISTS arg_LINK)
    target_link_libraries(reshard_${name} INTERFACE reshard::${room})
  endforeach()
  set_property(GLOBAL APPEND PROPERTY reshard_components ${name})
endfunction()

# Links packages that the headers of a room include.
function(reshard_link_third_party name)
  target_link_libraries(reshard_${name} INTERFACE ${ARGN})
endfunction()
