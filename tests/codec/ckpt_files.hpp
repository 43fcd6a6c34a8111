#pragma once

#include "checkpoint.pb.h"
#include "images.hpp"

#include <reshard/codec/ckpt.hpp>

#include <random>

namespace ckpt_files {

using namespace reshard;
using images::elements;
using images::filled;
using images::gathered;

inline file_index index_of(files::temporary_folder const& folder, std::string const& bytes) {
  return ckpt_index(random_access_file{folder.write("m.ckpt", bytes)});
}

inline codec_error index_error(std::string const& bytes) {
  files::temporary_folder const folder;
  return files::error_of([&] { (void)index_of(folder, bytes); });
}

/// One record as protobuf writes it.
inline std::string record(std::string const& name, std::vector<index_t> const& dims,
                          std::string const& type, std::string const& content) {
  Checkpoint message;
  Checkpoint::Value& value = *message.add_value();
  value.set_tag(name);
  for (index_t const dim : dims) value.mutable_tensor()->add_dims(dim);
  value.mutable_tensor()->set_tensor_type(type);
  value.mutable_tensor()->set_tensor_content(content);
  return message.SerializeAsString();
}

inline dtype any_storable_type(std::mt19937_64& random) {
  for (;;) {
    dtype_facts const& row = dtype_table[random() % std::size(dtype_table)];
    if (!row.mindspore.empty()) return row.type;
  }
}

/// Random tensors with their contents.
struct random_tensors {
  std::vector<image_entry> entries;
  std::vector<std::string> contents;

  explicit random_tensors(std::mt19937_64& random) {
    auto const below = [&](std::uint64_t n) { return random() % n; };
    std::size_t const count = 1 + below(6);
    for (std::size_t i = 0; i < count; ++i) {
      dtype const type = any_storable_type(random);
      std::size_t const rank = type == dtype::string ? 1 : below(4);
      std::vector<index_t> shape;
      for (std::size_t d = 0; d < rank; ++d) shape.push_back(static_cast<index_t>(below(5)));
      if (shape == std::vector<index_t>{0} && type != dtype::string) shape = {1};
      std::string content(elements(shape) * item_bytes(type), '\0');
      for (char& c : content) c = static_cast<char>(below(256));
      entries.push_back({std::string(below(200), 'n') + std::to_string(i), type, shape});
      contents.push_back(content);
    }
  }
};

}  // namespace ckpt_files
