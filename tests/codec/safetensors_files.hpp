#pragma once

#include "images.hpp"

#include <reshard/codec/safetensors.hpp>

#include <random>

namespace safetensors_files {

using namespace reshard;
using images::elements;
using images::filled;
using images::gathered;

/// A safetensors file: the length of the header, the header, data.
inline std::string file_of(std::string const& header, std::string const& data = {}) {
  std::uint64_t const bytes = header.size();
  std::string out(8, '\0');
  std::memcpy(out.data(), &bytes, sizeof bytes);
  return out + header + data;
}

/// {"a":{...}}, a header of one tensor.
inline std::string one(std::string const& type, std::string const& shape, std::uint64_t end) {
  return R"({"a":{"dtype":")" + type + R"(","shape":)" + shape + R"(,"data_offsets":[0,)" +
         std::to_string(end) + "]}}";
}

inline file_index index_of(std::string const& bytes, reading how = reading::strict) {
  files::memory_file const file;
  return safetensors_index(random_access_file{file.write(bytes)}, how);
}

inline codec_error index_error(std::string const& bytes, reading how = reading::strict) {
  return files::error_of([&] { (void)index_of(bytes, how); });
}

/// The entries that an index describes.
inline std::vector<image_entry> entries_of(file_index const& index) {
  std::vector<image_entry> entries;
  for (indexed_tensor const& t : index.tensors) entries.push_back({t.name, t.type, t.shape});
  return entries;
}

/// The file that is written from what an index says of one.
///   crc: compute crc_num again
inline std::string rewritten(std::string const& bytes, file_index const& index, bool crc = false) {
  std::vector<std::string> contents;
  for (indexed_tensor const& t : index.tensors) contents.push_back(gathered(bytes, t));
  image_options const options{.crc = crc, .metadata = index.metadata};
  return filled(safetensors_image(entries_of(index), options), contents);
}

/// Random tensors of every type, with names of every kind.
struct random_tensors {
  std::vector<image_entry> entries;
  std::vector<std::string> contents;
  text_pairs metadata;

  explicit random_tensors(std::mt19937_64& random) {
    for (std::uint64_t n = random() % 9; n > 0; --n) {
      image_entry entry{random_name(random) + std::to_string(n), random_type(random), {}};
      for (std::uint64_t rank = random() % 5; rank > 0; --rank)
        entry.shape.push_back(static_cast<index_t>(random() % 4));
      auto const group = static_cast<index_t>(group_of(entry.type).elements);
      if (group > 1) entry.shape.push_back(group);
      std::string content(bytes_of(entry.type, static_cast<index_t>(elements(entry.shape))), '\0');
      for (char& c : content) c = static_cast<char>(random());
      entries.push_back(entry);
      contents.push_back(content);
    }
    for (std::uint64_t n = random() % 3; n > 0; --n)
      metadata.emplace_back(random_name(random) + std::to_string(n), random_name(random));
  }

 private:
  static std::string random_name(std::mt19937_64& random) {
    static constexpr std::string_view pieces[] = {"layers.",
                                                  "w",
                                                  "\"",
                                                  "\\",
                                                  "/",
                                                  "\n",
                                                  "\t",
                                                  std::string_view{"\0", 1},
                                                  "\x1f",
                                                  "\x7f",
                                                  "\xc3\xa9",
                                                  "\xe5\xb1\x82",
                                                  "\xf0\x9f\x98\x80",
                                                  "\b",
                                                  "\f",
                                                  "\r",
                                                  "{",
                                                  "}",
                                                  " "};
    std::string name;
    for (std::uint64_t n = random() % 6; n > 0; --n) name += pieces[random() % std::size(pieces)];
    return name;
  }
  static dtype random_type(std::mt19937_64& random) {
    for (;;) {
      dtype_facts const& row = dtype_table[random() % std::size(dtype_table)];
      if (!row.safetensors.empty()) return row.type;
    }
  }
};

}  // namespace safetensors_files
