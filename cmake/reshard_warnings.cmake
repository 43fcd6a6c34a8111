# Warnings of our own translation units; never exported.
add_library(reshard_warnings INTERFACE)
target_compile_options(reshard_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
