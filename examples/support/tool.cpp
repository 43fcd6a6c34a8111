#include "support/tool.hpp"

#include <cstdio>
#include <exception>

namespace tools {

tool::tool(std::string const& what_it_does) : CLI::App{what_it_does} {}
tool::~tool() = default;

int tool::run(int argc, char** argv, std::function<int()> const& body) {
  std::string const path = argc > 0 ? argv[0] : "";
  name(path.substr(path.rfind('/') + 1));  // npos + 1 = 0
  try {
    parse(argc, argv);
  } catch (CLI::ParseError const& e) {
    return exit(e) == 0 ? exit_ok : exit_usage;
  }
  try {
    return body();
  } catch (std::exception const& e) {
    fmt::print(stderr, "error: {}\n", e.what());
    return exit_failed;
  }
}

void print_warnings(std::span<std::string const> warnings) {
  for (std::string const& warning : warnings) fmt::print(stderr, "warning: {}\n", warning);
}

std::string human_bytes(double bytes) {
  char const* const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit < 4; ++unit) bytes /= 1024;
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.2f} {}", bytes, units[unit]);
}

}  // namespace tools
