#pragma once

#include <reshard/checkpoint/open.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace tools {

/// A strategy file, or a folder of them. Warnings go to stderr.
reshard::strategy read_strategy(std::string const& path);

/// The strategy of a flag: absent, empty and "None" are no strategy.
std::optional<reshard::strategy> strategy_of(std::string const& path);

/// The flags of every tool that opens checkpoints: which files, and how strictly they are read.
struct source_flags {
  reshard::file_pick pick;
  bool lenient = false;

  void add_to(CLI::App& app);
  [[nodiscard]] reshard::open_options options() const;
  [[nodiscard]] std::span<reshard::file_format const> formats() const;
};

/// The flags that choose tensors by name.
void add_name_flags(CLI::App& app, reshard::name_filter& names);

/// A checkpoint laid out by a strategy, or complete weights. Warnings go to stderr.
reshard::catalog open_checkpoint(std::string const& path,
                                 std::optional<reshard::strategy> const& strategy,
                                 source_flags const& flags = {});

/// reshard::all_formats() and files of torch, compiled once for all tools.
std::span<reshard::file_format const> formats();
/// The format of a name, such as "ckpt".
reshard::file_format const& format_named(std::string_view name);
/// What MindSpore writes into every file of a format besides tensors.
reshard::image_options mindspore_image(reshard::file_format const& format);

}  // namespace tools
