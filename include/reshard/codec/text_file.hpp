#pragma once

#include <reshard/codec/file_index.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

inline bool recognises_any(random_access_file const&) {
  return true;
}
inline file_index no_tensors(random_access_file const&) {
  return {};
}
inline file_image text_image(std::span<image_entry const>, image_options const& options) {
  file_image image;
  image.size = options.text.size();
  image.literals = {{0, options.text}};
  return image;
}
}  // namespace detail

/// A file that is image_options::text and holds no tensors: an index, a configuration. With it a
/// text is published together with the weights that it speaks of.
inline constexpr file_format text_format{"text", "", detail::recognises_any, detail::no_tensors,
                                         detail::text_image};

}  // namespace v1
}  // namespace reshard
