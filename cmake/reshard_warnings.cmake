# Warnings of our own translation units; never exported.
add_library(reshard_warnings INTERFACE)
target_compile_options(reshard_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 warns falsely about "literal" + std::string inside libstdc++ (GCC bug 105651)
  target_compile_options(reshard_warnings INTERFACE -Wno-restrict)
endif()
