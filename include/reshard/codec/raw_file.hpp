#pragma once

#include <reshard/codec/text_file.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

inline file_index raw_index(random_access_file const& file) {
  file_index out;
  std::string const name = file.path().substr(file.path().rfind('/') + 1);
  out.tensors.push_back(
      {name, dtype::uint8, {static_cast<index_t>(file.size())}, {{0, file.size()}}, 1});
  return out;
}
inline file_image raw_image(std::span<image_entry const> entries, image_options const&) {
  file_image image;
  for (image_entry const& entry : entries) {  // one
    image.size = static_cast<std::uint64_t>(entry.shape.front());
    image.ranges.push_back({{0, image.size}});
  }
  return image;
}
}  // namespace detail

/// Any file as one tensor of bytes that has the file's name: what moves along with weights as it
/// is.
inline constexpr file_format raw_format{"raw", "", detail::recognises_any, detail::raw_index,
                                        detail::raw_image};

}  // namespace v1
}  // namespace reshard
