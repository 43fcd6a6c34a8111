# The packages that rooms need. A consumer that wants rooms without third parties may lack them.
find_package(Threads REQUIRED)
set(reshard_optional QUIET)
if(PROJECT_IS_TOP_LEVEL)
  set(reshard_optional REQUIRED)
endif()
find_package(Protobuf MODULE ${reshard_optional})  # Debian ships no config file
find_package(nlohmann_json ${reshard_optional})
find_package(ZLIB ${reshard_optional})
find_package(libdeflate ${reshard_optional})
find_package(benchmark QUIET)  # of the component benchmarking, which is left out without it
find_package(Eigen3 ${reshard_optional})  # seen by headers that are included by name
find_package(xtensor ${reshard_optional})
