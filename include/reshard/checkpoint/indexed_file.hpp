#pragma once

#include <reshard/checkpoint/catalog.hpp>

#include <span>

namespace reshard {
inline namespace v1 {
namespace detail {

inline extents shape_of(indexed_tensor const& tensor) {
  return extents{tensor.shape.begin(), tensor.shape.end()};
}

/// The index of a file, shared with an earlier file of equal head.
inline catalog_file indexed(std::string const& path, std::span<file_format const> formats,
                            std::vector<std::shared_ptr<named_index const>>& known) {
  random_access_file const file{path};
  for (file_format const& format : formats) {
    if (!format.recognises(file)) continue;
    file_index index = format.index(file);
    for (auto const& earlier : known)
      if (earlier->index() == index) return {path, earlier};
    known.push_back(std::make_shared<named_index const>(std::move(index)));
    return {path, known.back()};
  }
  for (file_format const& format :
       formats)  // let the format that the name promises say what is wrong
    if (path.ends_with(format.extension))
      return {path, std::make_shared<named_index const>(format.index(file))};
  throw codec_error{errc::file_kind_is_unknown,
                    "file_kind_is_unknown",
                    {path, {}, 0},
                    "no known checkpoint format"};
}
}  // namespace detail

}  // namespace v1
}  // namespace reshard
