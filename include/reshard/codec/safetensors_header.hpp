#pragma once

#include <reshard/codec/file_index.hpp>
#include <reshard/codec/json_events.hpp>

#include <limits>
#include <map>

namespace reshard {
inline namespace v1 {

/// How a file is read. `strict` refuses what the format forbids or what readers understand
/// differently; `lenient` accepts what the reference library accepts of that, with a warning:
/// repeated names and metadata keys (the last counts), null metadata, blank space around the
/// header.
enum class reading : std::uint8_t { strict, lenient };

namespace detail {

[[noreturn]] inline void header_is_malformed(std::string const& tensor, std::string const& reason) {
  throw codec_error{errc::file_is_malformed, __func__, {{}, tensor, -1}, reason};
}
[[noreturn]] inline void dtype_is_unknown(std::string const& tensor, std::string const& type) {
  throw codec_error{
      errc::value_is_not_supported, __func__, {{}, tensor, -1}, "unknown dtype " + in_quotes(type)};
}
[[noreturn]] inline void tensor_size_overflows(file_place const& place) {
  throw codec_error{errc::file_is_malformed, __func__, place,
                    "the number of elements or bits of the shape is not below 2^64"};
}
[[noreturn]] inline void size_is_not_supported(std::string const& tensor, std::uint64_t size) {
  throw codec_error{errc::value_is_not_supported,
                    __func__,
                    {{}, tensor, -1},
                    "a size of " + std::to_string(size) + " in the shape is not below 2^63"};
}

/// The key of a header that is no tensor.
inline constexpr std::string_view metadata_key = "__metadata__";

/// How many elements an entry of a header has and where it says they are.
///   begin, end: bytes from the end of the header
struct header_extent {
  std::uint64_t elements = 1;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// Takes the events of a header: {name: {"dtype": text, "shape": [sizes], "data_offsets": [begin,
/// end]}, ..., "__metadata__": {text: text}}.
class safetensors_header {
 public:
  ///   most: an upper bound of the number of tensors, a hint
  safetensors_header(reading how, std::size_t most) : how_(how) {
    tensors.reserve(most);
    extents.reserve(most);
  }

  std::vector<indexed_tensor> tensors;  ///< without ranges: they depend on the length of the header
  std::vector<header_extent> extents;   ///< of the tensors
  text_pairs metadata;

  void open(json_bracket bracket);
  void close();
  void key(std::string const& words);
  void text(std::string const& words);
  void number(std::uint64_t n);
  void other(std::string const& token);

  /// Refuses repeated names, or keeps the last of each; then the header is complete.
  void settle(std::string const& path);

  /// What was ignored, or accepted against the rules.
  [[nodiscard]] std::vector<std::string> warnings() const;

 private:
  enum class place : std::uint8_t {
    start,
    header,
    metadata_value,
    metadata,
    metadata_text,
    tensor,
    field,
    dtype,
    shape_value,
    shape,
    offsets_value,
    offsets,
    extra,
    end
  };
  struct known_field {
    std::string_view key;
    place value;
  };
  static constexpr known_field fields[] = {{"dtype", place::dtype},
                                           {"shape", place::shape_value},
                                           {"data_offsets", place::offsets_value}};
  struct extra_field {
    std::uint64_t count = 0;
    std::string first_tensor;
  };

  std::vector<std::size_t> repeated(std::string const& path, auto const& items, auto key_of);
  [[nodiscard]] std::string tensor_name() const;
  [[noreturn]] void unexpected(std::string const& found) const;
  void field_key(std::string const& words);
  void extra_key(std::string const& words);
  void finish_tensor();
  void finish_shape();
  void finish_offsets();
  void finish_extra_value();

  reading how_;
  place at_ = place::start;
  unsigned seen_ = 0;  // bit i: fields[i] of the tensor that is being read
  bool has_metadata_ = false;
  std::vector<std::string> warnings_;
  int extra_depth_ = 0;
  std::vector<std::uint64_t> numbers_;      // of the list that is being read
  std::vector<std::string> tensor_extras_;  // unknown fields of the tensor that is being read
  std::map<std::string, extra_field> extras_;
};

inline void safetensors_header::open(json_bracket bracket) {
  bool const object = bracket == json_bracket::object;
  if (at_ == place::extra) {
    ++extra_depth_;
  } else if (object && at_ == place::start) {
    at_ = place::header;
  } else if (object && at_ == place::metadata_value) {
    at_ = place::metadata;
  } else if (object && at_ == place::tensor) {
    at_ = place::field;
  } else if (!object && at_ == place::shape_value) {
    at_ = place::shape;
  } else if (!object && at_ == place::offsets_value) {
    at_ = place::offsets;
  } else {
    unexpected(object ? "an object" : "a list");
  }
}

inline void safetensors_header::close() {
  switch (at_) {
    case place::header:
      at_ = place::end;
      return;
    case place::metadata:
      at_ = place::header;
      return;
    case place::field:
      return finish_tensor();
    case place::shape:
      return finish_shape();
    case place::offsets:
      return finish_offsets();
    default:
      --extra_depth_;
      return finish_extra_value();
  }
}

inline void safetensors_header::key(std::string const& words) {
  if (at_ == place::field) return field_key(words);
  if (at_ == place::metadata) {
    metadata.emplace_back(words, std::string{});
    at_ = place::metadata_text;
  } else if (at_ == place::header && words == metadata_key) {
    if (has_metadata_) key_occurs_twice({}, words);
    has_metadata_ = true;
    at_ = place::metadata_value;
  } else if (at_ == place::header) {
    tensors.emplace_back().name = words;
    extents.emplace_back();
    at_ = place::tensor;
  }
}

inline void safetensors_header::text(std::string const& words) {
  if (at_ == place::extra) return finish_extra_value();
  if (at_ == place::metadata_text) {
    metadata.back().second = words;
    at_ = place::metadata;
  } else if (at_ == place::dtype) {
    std::optional<dtype> const type = dtype_of_safetensors(words);
    if (!type) dtype_is_unknown(tensor_name(), words);
    tensors.back().type = *type;
    at_ = place::field;
  } else {
    unexpected("the text " + in_quotes(words));
  }
}

inline void safetensors_header::number(std::uint64_t n) {
  if (at_ == place::extra) return finish_extra_value();
  if (at_ != place::shape && at_ != place::offsets) unexpected("the number " + std::to_string(n));
  numbers_.push_back(n);
}

inline void safetensors_header::other(std::string const& token) {
  if (at_ == place::extra) return finish_extra_value();
  bool const no_metadata = at_ == place::metadata_value && token == "null";
  if (!no_metadata || how_ == reading::strict) unexpected(token);
  warnings_.push_back("__metadata__ is null: read as none");
  at_ = place::header;
}

inline std::string safetensors_header::tensor_name() const {
  bool const inside = at_ >= place::tensor && at_ < place::end && !tensors.empty();
  return inside ? tensors.back().name : std::string{};
}

inline void safetensors_header::unexpected(std::string const& found) const {
  static constexpr std::string_view expected[] = {
      "an object",
      "a key",
      "an object of texts as __metadata__",
      "a key",
      "a text in __metadata__",
      "an object with dtype, shape and data_offsets",
      "a key",
      "the name of a type as dtype",
      "a list of sizes as shape",
      "a whole number from 0 to 2^64 - 1 in the shape",
      "a list of two numbers as data_offsets",
      "a whole number from 0 to 2^64 - 1 in data_offsets",
      "a value",
      "the end"};
  header_is_malformed(
      tensor_name(),
      "expected " + std::string{expected[static_cast<std::size_t>(at_)]} + ", found " + found);
}

/// A key within a tensor's entry.
inline void safetensors_header::field_key(std::string const& words) {
  for (unsigned i = 0; i < std::size(fields); ++i) {
    if (words != fields[i].key) continue;
    if ((seen_ >> i & 1) != 0) key_occurs_twice({{}, tensor_name(), -1}, words);
    seen_ |= 1U << i;
    at_ = fields[i].value;
    return;
  }
  extra_key(words);
}

inline void safetensors_header::extra_key(std::string const& words) {
  extra_field& use = extras_[words];
  if (use.count++ == 0) use.first_tensor = tensor_name();
  tensor_extras_.push_back(words);
  at_ = place::extra;
}

inline void safetensors_header::finish_extra_value() {
  if (extra_depth_ == 0) at_ = place::field;
}

inline void safetensors_header::finish_tensor() {
  for (unsigned i = 0; i < std::size(fields); ++i)
    if ((seen_ >> i & 1) == 0)
      header_is_malformed(tensor_name(), "the entry has no " + std::string{fields[i].key});
  if (!tensor_extras_.empty()) {
    std::vector<std::string_view> const keys{tensor_extras_.begin(), tensor_extras_.end()};
    auto const twice = superseded(keys);
    if (!twice.empty() && how_ == reading::strict)
      key_occurs_twice({{}, tensor_name(), -1}, keys[twice[0]]);
    tensor_extras_.clear();
  }
  indexed_tensor& tensor = tensors.back();
  tensor.stored_item_bytes = static_cast<std::uint32_t>(group_of(tensor.type).bytes);
  seen_ = 0;
  at_ = place::header;
}

/// Multiplies from left to right, as the reference does: [2^64 - 1, 2, 0] overflows.
inline void safetensors_header::finish_shape() {
  std::uint64_t& elements = extents.back().elements;
  std::vector<index_t>& shape = tensors.back().shape;
  for (std::uint64_t const size : numbers_) {
    if (size != 0 && elements > std::numeric_limits<std::uint64_t>::max() / size)
      tensor_size_overflows({{}, tensor_name(), -1});
    elements *= size;
  }
  shape.reserve(numbers_.size());
  for (std::uint64_t const size : numbers_) {
    if (size > max_index) size_is_not_supported(tensor_name(), size);
    shape.push_back(static_cast<index_t>(size));
  }
  numbers_.clear();
  at_ = place::field;
}

inline void safetensors_header::finish_offsets() {
  if (numbers_.size() != 2)
    header_is_malformed(tensor_name(), "data_offsets has " + std::to_string(numbers_.size()) +
                                           " numbers, it needs begin and end");
  extents.back().begin = numbers_[0];
  extents.back().end = numbers_[1];
  numbers_.clear();
  at_ = place::field;
}

/// The positions of items whose key occurs again later: an error, or a warning.
inline std::vector<std::size_t> safetensors_header::repeated(std::string const& path,
                                                             auto const& items, auto key_of) {
  std::vector<std::string_view> const keys = keys_of(items, key_of);
  std::vector<std::size_t> twice = superseded(keys);
  if (twice.empty()) return twice;
  if (how_ == reading::strict) key_occurs_twice({path, {}, -1}, keys[twice[0]]);
  warnings_.push_back("the key " + in_quotes(keys[twice[0]]) +
                      " occurs twice in one object: the last counts");
  return twice;
}

/// Removes the items at these positions, which ascend.
template <class Item>
void erase_at(std::vector<std::size_t> const& positions, std::vector<Item>& items) {
  if (positions.empty()) return;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < items.size(); ++i)
    if (!std::binary_search(positions.begin(), positions.end(), i)) {
      if (kept != i) items[kept] = std::move(items[i]);
      ++kept;
    }
  items.resize(kept);
}

inline void safetensors_header::settle(std::string const& path) {
  using pair = text_pairs::value_type;
  erase_at(repeated(
               path, metadata, [](pair const& p) -> auto const& { return p.first; }),
           metadata);
  auto const twice = repeated(
      path, tensors, [](indexed_tensor const& t) -> auto const& { return t.name; });
  erase_at(twice, tensors);
  erase_at(twice, extents);
}

inline std::vector<std::string> safetensors_header::warnings() const {
  std::vector<std::string> out = warnings_;
  for (auto const& [key, use] : extras_)
    out.push_back("the unknown field " + in_quotes(key) + " of " + std::to_string(use.count) +
                  " tensors, " + in_quotes(use.first_tensor) + " the first, was ignored");
  return out;
}

}  // namespace detail
}  // namespace v1
}  // namespace reshard
