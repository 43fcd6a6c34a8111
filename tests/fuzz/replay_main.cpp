// Runs a harness over saved inputs, without a fuzzer: files and folders in the arguments.

#include "fuzz_file.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

int main(int argc, char** argv) {
  std::size_t inputs = 0;
  for (int i = 1; i < argc; ++i)
    for (auto const& entry : std::filesystem::directory_iterator{argv[i]}) {
      std::ifstream in{entry.path(), std::ios::binary};
      std::string const bytes{std::istreambuf_iterator<char>{in}, {}};
      std::printf("%s\n", entry.path().c_str());
      std::fflush(stdout);  // the last line names the input of a crash
      LLVMFuzzerTestOneInput(reinterpret_cast<std::uint8_t const*>(bytes.data()), bytes.size());
      ++inputs;
    }
  std::printf("%zu inputs\n", inputs);
  return inputs == 0 ? 1 : 0;
}
