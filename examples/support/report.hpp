#pragma once

#include "support/run_tool.hpp"

#include <nlohmann/json.hpp>
#include <reshard/checkpoint/convert.hpp>

#include <fstream>
#include <string>

namespace tools {

/// Prints what a conversion will do.
inline void print_plan(reshard::catalog const& source, reshard::convert_report const& plan,
                       reshard::index_t ranks, reshard::index_t ranks_per_stage) {
  fmt::print("source: {} of {} ranks, {} tensors\n", source.files.size(), source.ranks,
             source.tensors.size());
  fmt::print("destination: {} files of {} ranks, {} per stage, {} tensors\n", plan.files, ranks,
             ranks_per_stage, plan.tensors);
  fmt::print("reads {}, writes {}; moved / lower bound = {:.4f}\n",
             human_bytes(static_cast<double>(plan.read_bytes)),
             human_bytes(static_cast<double>(plan.written_bytes)), plan.ratio());
}

/// Writes what a conversion did as one JSON object.
inline void write_report(std::string const& path, reshard::convert_report const& done,
                         double seconds) {
  nlohmann::ordered_json const json{{"files", done.files},
                                    {"tensors", done.tensors},
                                    {"read_bytes", done.read_bytes},
                                    {"lower_bound_bytes", done.lower_bound_bytes},
                                    {"written_bytes", done.written_bytes},
                                    {"seconds", seconds}};
  std::ofstream out{path};
  out << json.dump(2) << '\n';
  if (!out.flush()) throw std::runtime_error(path + " cannot be written");
}

}  // namespace tools
