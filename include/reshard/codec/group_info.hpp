#pragma once

#include <reshard/codec/strategy_wire.hpp>

namespace reshard {
inline namespace v1 {

/// The ranks whose checkpoint can stand in for that of the rank that wrote this file: the list
/// ckpt_restore_rank_list of a group info file.
///   throws: codec_error, also when the list is missing
///   source: mindspore/ccsrc/utils/node_strategy.proto, message ParallelGroupMap
[[nodiscard]] inline std::vector<index_t> read_group_info(std::string const& path) {
  random_access_file const file{path};
  file_window window{file};
  wire_message root{window, {0, file.size()}};
  std::optional<wire_field> ranks;
  while (auto const field = root.next()) {
    if (field->number != 1 && field->number != 2) continue;
    detail::require_type(window, *field, wire_type::bytes);
    if (field->number == 1) continue;
    if (ranks) detail::field_occurs_twice(path, *field);
    ranks = field;
  }
  if (!ranks) detail::strategy_field_is_missing(path, {}, "ckpt_restore_rank_list");
  std::vector<std::uint64_t> numbers;
  wire_message list = detail::message_of(window, *ranks);
  while (auto const field = list.next())
    if (field->number == 1) detail::append_numbers(window, *field, detail::most_numbers, numbers);
  std::vector<index_t> out;
  for (std::uint64_t const n : numbers)
    out.push_back(detail::require_range<std::uint32_t>(path, {}, static_cast<std::int64_t>(n)));
  return out;
}

}  // namespace v1
}  // namespace reshard
