#include "support/checkpoints.hpp"

#include "support/tool.hpp"

#include <reshard/codec/mindspore_strategy.hpp>
#include <reshard/codec/torch_zip.hpp>
#include <reshard/codec/weight_index_json.hpp>
#include <reshard/formats.hpp>

#include <stdexcept>

namespace tools {

reshard::strategy read_strategy(std::string const& path) {
  reshard::strategy_with_warnings read = reshard::read_strategy_with_warnings(path);
  print_warnings(read.warnings);
  return std::move(read.value);
}

std::optional<reshard::strategy> strategy_of(std::string const& path) {
  if (path.empty() || path == "None") return std::nullopt;
  return read_strategy(path);
}

reshard::catalog open_checkpoint(std::string const& path,
                                 std::optional<reshard::strategy> const& strategy,
                                 reshard::file_choice pick) {
  reshard::open_options const options{pick, reshard::read_weight_index};
  reshard::catalog opened = strategy ? reshard::open_ranks(path, *strategy, formats(), options)
                                     : reshard::open_weights(path, formats(), options);
  print_warnings(opened.warnings);
  return opened;
}

std::span<reshard::file_format const> formats() {
  static std::vector<reshard::file_format> const known = [] {
    std::span<reshard::file_format const> const all = reshard::all_formats();
    std::vector<reshard::file_format> out{all.begin(), all.end()};
    out.push_back(reshard::torch_format);
    return out;
  }();
  return known;
}

reshard::file_format const& format_named(std::string_view name) {
  std::string known;
  for (reshard::file_format const& format : formats()) {
    if (format.name == name) return format;
    known += fmt::format(" {}", format.name);
  }
  throw std::invalid_argument(fmt::format("no format '{}'; known:{}", name, known));
}

reshard::image_options mindspore_image(reshard::file_format const& format) {
  reshard::image_options image;
  if (format.name == "safetensors") image.metadata = {{"format", "ms"}};
  return image;
}

}  // namespace tools
