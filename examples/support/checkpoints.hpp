#pragma once

#include <reshard/checkpoint/open.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace tools {

/// A strategy file, or a folder of them. Warnings go to stderr.
reshard::strategy read_strategy(std::string const& path);

/// The strategy of a flag: absent, empty and "None" are no strategy.
std::optional<reshard::strategy> strategy_of(std::string const& path);

/// A checkpoint laid out by a strategy, or complete weights. Warnings go to stderr.
reshard::catalog open_checkpoint(std::string const& path,
                                 std::optional<reshard::strategy> const& strategy,
                                 reshard::file_choice pick = reshard::file_choice::name);

/// reshard::all_formats() and files of torch, compiled once for all tools.
std::span<reshard::file_format const> formats();
/// The format of a name, such as "ckpt".
reshard::file_format const& format_named(std::string_view name);
/// What MindSpore writes into every file of a format besides tensors.
reshard::image_options mindspore_image(reshard::file_format const& format);

}  // namespace tools
