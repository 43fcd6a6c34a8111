#pragma once

#include <reshard/codec/first_bytes.hpp>
#include <reshard/codec/json_events.hpp>
#include <reshard/codec/weight_index.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

[[noreturn]] inline void weight_index_is_malformed(file_place const& place,
                                                   std::string const& reason) {
  throw codec_error{errc::file_is_malformed, __func__, place, reason};
}
[[noreturn]] inline void weight_index_is_too_large(std::string const& path, std::uint64_t bytes) {
  throw codec_error{errc::file_is_malformed,
                    __func__,
                    {path, {}, -1},
                    "an index of " + std::to_string(bytes) + " bytes, at most 1 GiB are accepted"};
}

[[noreturn]] inline void weight_index_is_elsewhere(std::string const& path,
                                                   std::string const& hint) {
  throw codec_error{errc::file_is_malformed, __func__, {path, {}, 0}, "no index" + hint};
}
[[noreturn]] inline void flat_index_has_no_metadata() {
  throw codec_error{errc::value_is_not_supported, __func__, {}, "a flat index has no metadata"};
}

/// One JSON value of any kind, put together again from its events, without blank space.
class json_copy {
 public:
  void open(json_bracket bracket) {
    separate();
    text_ += bracket == json_bracket::object ? '{' : '[';
    closing_ += bracket == json_bracket::object ? '}' : ']';
  }
  void close() {
    text_ += closing_.back();
    closing_.pop_back();
  }
  void key(std::string const& words) {
    separate();
    text_ += json_text(words) + ':';
  }
  void scalar(std::string const& json) {
    separate();
    text_ += json;
  }
  /// A bracket was opened and not yet closed.
  [[nodiscard]] bool is_open() const { return !closing_.empty(); }
  [[nodiscard]] std::string take() { return std::exchange(text_, {}); }

 private:
  void separate() {
    if (!text_.empty() && std::string_view{"{[:"}.find(text_.back()) == std::string_view::npos)
      text_ += ',';
  }

  std::string text_;
  std::string closing_;
};

/// Takes the events of {"metadata": {...}, "weight_map": {name: file}}, or of {name: file}.
class weight_index_events {
 public:
  void open(json_bracket bracket);
  void close();
  void key(std::string const& words);
  void text(std::string const& words) { scalar(json_text(words), &words); }
  void number(std::uint64_t n) { scalar(std::to_string(n), nullptr); }
  void other(std::string const& token) { scalar(token, nullptr); }

  /// The index, once the text has ended.
  [[nodiscard]] weight_index finished(std::string const& path);

 private:
  enum class place : std::uint8_t {
    start,
    root,
    root_value,
    metadata,
    metadata_value,
    map,
    map_value,
    end
  };

  void scalar(std::string const& json, std::string const* text);
  void add_root_value(std::string const* text);
  void add_metadata_value(std::string json);
  void take_form(std::string const& path);

  place at_ = place::start;
  std::string key_;
  json_copy value_;  // of metadata, or of an unknown key
  bool has_map_ = false;
  std::vector<std::string> root_keys_;
  std::vector<std::string> unknown_;  // those whose values are no texts
  text_pairs flat_;                   // those whose values are texts
  weight_index index_;
};

inline void weight_index_events::open(json_bracket bracket) {
  bool const object = bracket == json_bracket::object;
  if (at_ == place::start && object) {
    at_ = place::root;
  } else if (at_ == place::root_value && !value_.is_open() && object && key_ == "weight_map") {
    has_map_ = true;
    at_ = place::map;
  } else if (at_ == place::root_value && !value_.is_open() && object && key_ == "metadata") {
    at_ = place::metadata;
  } else if (at_ == place::root_value || at_ == place::metadata_value) {
    value_.open(bracket);
  } else {
    weight_index_is_malformed({{}, key_, -1}, at_ == place::start
                                                  ? "expected an object, found a list"
                                                  : "expected the name of a file");
  }
}

inline void weight_index_events::close() {
  if (value_.is_open()) {
    value_.close();
    if (value_.is_open()) return;
    if (at_ == place::metadata_value) return add_metadata_value(value_.take());
    (void)value_.take();
    add_root_value(nullptr);
  } else {
    at_ = at_ == place::root ? place::end : place::root;
  }
}

inline void weight_index_events::key(std::string const& words) {
  if (value_.is_open()) return value_.key(words);
  key_ = words;
  if (at_ == place::root) {
    root_keys_.push_back(words);
    at_ = place::root_value;
  } else {
    at_ = at_ == place::map ? place::map_value : place::metadata_value;
  }
}

inline void weight_index_events::scalar(std::string const& json, std::string const* text) {
  if (value_.is_open()) return value_.scalar(json);
  if (at_ == place::root_value) return add_root_value(text);
  if (at_ == place::metadata_value) return add_metadata_value(json);
  if (at_ == place::start) weight_index_is_malformed({}, "expected an object, found " + json);
  if (text == nullptr)
    weight_index_is_malformed({{}, key_, -1}, "expected the name of a file, found " + json);
  index_.weight_map.emplace_back(key_, *text);
  at_ = place::map;
}

inline void weight_index_events::add_root_value(std::string const* text) {
  if (text != nullptr) {
    flat_.emplace_back(key_, *text);
  } else {
    unknown_.push_back(key_);
  }
  at_ = place::root;
}

inline void weight_index_events::add_metadata_value(std::string json) {
  index_.metadata.emplace_back(key_, std::move(json));
  at_ = place::metadata;
}

/// With a weight_map other keys are ignored; without one they are the tensors.
inline void weight_index_events::take_form(std::string const& path) {
  if (!has_map_) {
    if (!unknown_.empty())
      weight_index_is_malformed({path, unknown_.front(), -1}, "expected the name of a file");
    if (flat_.empty()) weight_index_is_malformed({path, {}, -1}, "the index names no tensors");
    index_.weight_map = std::move(flat_);
    return;
  }
  for (auto const& [key, file] : flat_) unknown_.push_back(key);
  for (std::string const& key : unknown_)
    index_.warnings.push_back("the unknown key " + in_quotes(key) + " was ignored");
}

inline weight_index weight_index_events::finished(std::string const& path) {
  take_form(path);
  auto const first = [](auto const& pair) -> auto const& {
    return pair.first;
  };
  require_unique_keys(path, root_keys_, std::identity{});
  require_unique_keys(path, index_.weight_map, first);
  require_unique_keys(path, index_.metadata, first);
  for (auto const& [name, file] : index_.weight_map)
    if (!is_plain_file_name(file)) shard_is_no_plain_file_name(path, name, file);
  return std::move(index_);
}

/// Prints {"name": value, ...} over lines.
class json_lines {
 public:
  explicit json_lines(std::size_t indent) : indent_(indent) {}

  void open(std::string const& key = {}) {
    begin_line();
    text_ += key.empty() ? "{" : json_text(key, json_charset::ascii) + ": {";
    ++depth_;
  }
  void close() {
    --depth_;
    if (text_.back() != '{') text_ += '\n' + std::string(indent_ * depth_, ' ');
    text_ += '}';
  }
  /// One member; the value is JSON text.
  void member(std::string const& key, std::string const& value) {
    begin_line();
    text_ += json_text(key, json_charset::ascii) + ": " + value;
  }
  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  void begin_line() {
    if (depth_ == 0) return;
    if (text_.back() != '{') text_ += ',';
    text_ += '\n' + std::string(indent_ * depth_, ' ');
  }

  std::size_t indent_;
  std::size_t depth_ = 0;
  std::string text_;
};

inline text_pairs in_order(text_pairs pairs, bool sorted) {
  if (sorted) std::sort(pairs.begin(), pairs.end());
  return pairs;
}
}  // namespace detail

/// The index in a JSON text.
///   path:   for messages
///   throws: codec_error file_is_malformed: no JSON, a key twice, no plain file name, no tensors
[[nodiscard]] inline weight_index weight_index_of(std::string_view json, std::string const& path) {
  return detail::read_json(detail::json_source{json, path},
                           [] { return detail::weight_index_events{}; })
      .finished(path);
}

/// The index in a file: model.safetensors.index.json or param_name_map.json, nested or flat.
///   throws: codec_error, as above; file_cannot_be_read
[[nodiscard]] inline weight_index read_weight_index(std::string const& path) {
  random_access_file const file{path};
  if (file.size() > std::uint64_t{1} << 30) detail::weight_index_is_too_large(path, file.size());
  std::string text(static_cast<std::size_t>(file.size()), '\0');
  file.read(0, std::as_writable_bytes(std::span{text}));
  if (text.starts_with(detail::lfs_pointer))
    detail::weight_index_is_elsewhere(path, detail::hint_of(text));
  return weight_index_of(text, path);
}

/// How a program prints its index.
struct weight_index_style {
  enum class keys : std::uint8_t { kept, sorted };
  enum class form : std::uint8_t { nested, flat };  ///< flat: {name: file}, without metadata
  std::size_t indent = 2;
  keys order = keys::kept;
  form shape = form::nested;
  std::string_view end;
};

/// transformers: json.dumps(index, indent=2, sort_keys=True) and a line end.
inline constexpr weight_index_style huggingface_style{2, weight_index_style::keys::sorted,
                                                      weight_index_style::form::nested, "\n"};
/// torch's consolidate_safetensors_files.
inline constexpr weight_index_style torch_style{2, weight_index_style::keys::kept,
                                                weight_index_style::form::nested, ""};
/// param_name_map.json of MindSpore's unified_safetensors.
inline constexpr weight_index_style mindspore_style{4, weight_index_style::keys::kept,
                                                    weight_index_style::form::nested, ""};
/// param_name_map.json of MindSpore up to 2.4 and of MindFormers.
inline constexpr weight_index_style flat_style{2, weight_index_style::keys::kept,
                                               weight_index_style::form::flat, ""};

/// The JSON text of an index, as the program that has this style writes it.
///   throws: codec_error value_is_not_supported (a name that is no UTF-8, metadata in flat form)
[[nodiscard]] inline std::string weight_index_json(weight_index const& index,
                                                   weight_index_style const& style) {
  bool const sorted = style.order == weight_index_style::keys::sorted;
  bool const nested = style.shape == weight_index_style::form::nested;
  if (!nested && !index.metadata.empty()) detail::flat_index_has_no_metadata();
  detail::json_lines out{style.indent};
  out.open();
  if (nested) {
    out.open("metadata");
    for (auto const& [key, value] : detail::in_order(index.metadata, sorted))
      out.member(key, value);
    out.close();
    out.open("weight_map");
  }
  for (auto const& [name, file] : detail::in_order(index.weight_map, sorted))
    out.member(name, detail::json_text(file, detail::json_charset::ascii));
  if (nested) out.close();
  out.close();
  return std::move(out).text() + std::string{style.end};
}

}  // namespace v1
}  // namespace reshard
