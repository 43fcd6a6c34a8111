#pragma once

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <functional>
#include <span>
#include <string>

namespace tools {

inline constexpr int exit_ok = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;

/// Parses the command line and runs the body. Exit status: what the body returns, 1 when it throws
/// (the reason goes to stderr), 2 for wrong usage, 0 for --help.
inline int run_tool(CLI::App& app, int argc, char** argv, std::function<int()> const& body) {
  std::string const path = argc > 0 ? argv[0] : "";
  app.name(path.substr(path.rfind('/') + 1));  // npos + 1 = 0
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& e) {
    return app.exit(e) == 0 ? exit_ok : exit_usage;
  }
  try {
    return body();
  } catch (std::exception const& e) {
    fmt::print(stderr, "error: {}\n", e.what());
    return exit_failed;
  }
}

inline void print_warnings(std::span<std::string const> warnings) {
  for (std::string const& warning : warnings) fmt::print(stderr, "warning: {}\n", warning);
}

/// "1.5 GiB"
inline std::string human_bytes(double bytes) {
  char const* const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit < 4; ++unit) bytes /= 1024;
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.2f} {}", bytes, units[unit]);
}

}  // namespace tools
