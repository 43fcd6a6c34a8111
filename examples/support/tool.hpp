#pragma once

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <functional>
#include <span>
#include <string>

namespace tools {

inline constexpr int exit_ok = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;

/// The command line of a tool. What CLI::App needs is compiled once, in tool.cpp: 12 s per tool.
class tool : public CLI::App {
 public:
  explicit tool(std::string const& what_it_does);
  ~tool() override;

  /// Parses the command line and runs the body. Exit status: what the body returns, 1 when it
  /// throws (the reason goes to stderr), 2 for wrong usage, 0 for --help.
  int run(int argc, char** argv, std::function<int()> const& body);
};

void print_warnings(std::span<std::string const> warnings);

/// "1.5 GiB"
std::string human_bytes(double bytes);

}  // namespace tools
