#pragma once

#include <reshard/codec/json_events.hpp>
#include <reshard/tensor/storage.hpp>

#include <nlohmann/json.hpp>

#include <optional>
#include <set>
#include <utility>

namespace reshard {
inline namespace v1 {
namespace detail {

/// A JSON text in memory, its keys in the order of the text.
using json_tree = nlohmann::ordered_json;

[[noreturn]] inline void json_is_too_large(std::string const& path, std::uint64_t bytes,
                                           std::uint64_t most) {
  throw codec_error{errc::value_is_not_supported,
                    __func__,
                    {path, {}, 0},
                    "a JSON file of " + std::to_string(bytes) + " bytes, at most " +
                        std::to_string(most) + " are read"};
}
[[noreturn]] inline void json_value_has_another_type(std::string const& path,
                                                     std::string const& key,
                                                     std::string const& found,
                                                     std::string const& expected) {
  throw codec_error{errc::file_is_malformed,
                    __func__,
                    {path, {}, -1},
                    "key " + in_quotes(key) + " is " + found + ", expected " + expected};
}

/// Builds a json_tree of the events of a text. Keys are unique.
class json_tree_events {
 public:
  void open(json_bracket bracket) {
    open_.push_back({bracket == json_bracket::object ? json_tree::object() : json_tree::array(),
                     std::move(key_),
                     {}});
  }
  void close() {
    level last = std::move(open_.back());
    open_.pop_back();
    key_ = std::move(last.key);
    add(std::move(last.value));
  }
  void key(std::string const& words) {
    if (!open_.back().keys.insert(words).second) key_occurs_twice({}, words);
    key_ = words;
  }
  void text(std::string const& words) { add(words); }
  void number(std::uint64_t n) { add(n); }
  void other(std::string const& token) { add(json_tree::parse(token)); }

  [[nodiscard]] json_tree tree() && { return std::move(root_); }

 private:
  /// An object or array that is not closed yet, and its key in the one around it.
  struct level {
    json_tree value;
    std::string key;
    std::set<std::string> keys;
  };

  void add(json_tree value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (json_tree& around = open_.back().value; around.is_array()) {
      around.push_back(std::move(value));
    } else {  // the key is new: no search for it
      using pairs = json_tree::object_t::Container;
      static_cast<pairs&>(around.get_ref<json_tree::object_t&>())
          .emplace_back(std::move(key_), std::move(value));
    }
  }

  json_tree root_;
  std::vector<level> open_;
  std::string key_;
};

/// The tree of a text.
///   throws: codec_error file_is_malformed
[[nodiscard]] inline json_tree tree_of(json_source const& source) {
  return read_json(source, [] { return json_tree_events{}; }).tree();
}

/// The whole text of a JSON file that people write: a configuration.
///   throws: codec_error file_cannot_be_read, value_is_not_supported (above 16 MiB)
[[nodiscard]] inline std::string json_text_at(std::string const& path) {
  constexpr std::uint64_t most = std::uint64_t{16} << 20;
  random_access_file const file{path};
  if (file.size() > most) json_is_too_large(path, file.size(), most);
  std::string text(static_cast<std::size_t>(file.size()), '\0');
  file.read(0, std::as_writable_bytes(std::span{text}));
  return text;
}

/// Reads one object of a configuration by its keys and remembers which were asked for. A key with
/// null counts as absent.
class json_fields {
 public:
  ///   prefix: how messages name the keys of this object: "text_config."
  json_fields(json_tree const& object, std::string const& path, std::string prefix = {})
      : object_(&object), path_(&path), prefix_(std::move(prefix)) {
    if (!object.is_object()) fails("", object, "an object");
  }

  [[nodiscard]] std::string name_of(std::string_view key) const {
    return prefix_ + std::string{key};
  }
  [[nodiscard]] std::string const& path() const noexcept { return *path_; }

  /// The value, or null if there is none.
  [[nodiscard]] json_tree const* find(std::string const& key) {
    asked_.insert(key);
    auto const found = object_->find(key);
    return found == object_->end() || found->is_null() ? nullptr : &*found;
  }
  [[nodiscard]] std::optional<std::int64_t> integer(std::string const& key) {
    return get(key, &json_fields::integer_of);
  }
  [[nodiscard]] std::optional<double> real(std::string const& key) {
    return get(key, &json_fields::real_of);
  }
  [[nodiscard]] std::optional<bool> boolean(std::string const& key) {
    return get(key, &json_fields::boolean_of);
  }
  [[nodiscard]] std::optional<std::string> text(std::string const& key) {
    return get(key, &json_fields::text_of);
  }
  [[nodiscard]] std::vector<std::string> texts(std::string const& key) {
    return list(key, &json_fields::text_of);
  }
  [[nodiscard]] std::vector<std::int64_t> integers(std::string const& key) {
    return list(key, &json_fields::integer_of);
  }
  /// The object at a key, as pairs in the order of the file.
  template <class T>
  [[nodiscard]] std::vector<std::pair<std::string, T>> pairs(
      std::string const& key, T (json_fields::*read)(std::string const&, json_tree const&) const) {
    std::vector<std::pair<std::string, T>> out;
    json_tree const* const value = find(key);
    if (value == nullptr) return out;
    if (!value->is_object()) fails(key, *value, "an object");
    for (auto const& [name, item] : value->items())
      out.emplace_back(name, (this->*read)(key + "." + name, item));
    return out;
  }

  [[nodiscard]] std::int64_t integer_of(std::string const& key, json_tree const& value) const {
    bool const fits = value.is_number_integer() &&
                      (!value.is_number_unsigned() || value.get<std::uint64_t>() <= INT64_MAX);
    if (!fits) fails(key, value, "an integer below 2^63");
    return value.get<std::int64_t>();
  }
  [[nodiscard]] double real_of(std::string const& key, json_tree const& value) const {
    if (!value.is_number()) fails(key, value, "a number");
    return value.get<double>();
  }
  [[nodiscard]] bool boolean_of(std::string const& key, json_tree const& value) const {
    if (!value.is_boolean()) fails(key, value, "true or false");
    return value.get<bool>();
  }
  [[nodiscard]] std::string text_of(std::string const& key, json_tree const& value) const {
    if (!value.is_string()) fails(key, value, "a text");
    return value.get<std::string>();
  }
  [[noreturn]] void fails(std::string const& key, json_tree const& value,
                          std::string const& expected) const {
    std::string found = value.dump();
    if (found.size() > 100) found = "a long " + std::string{value.type_name()};
    json_value_has_another_type(*path_, prefix_ + key, found, expected);
  }

  /// Keys that nobody asked for, in the order of the file.
  [[nodiscard]] std::vector<std::string> others() const {
    std::vector<std::string> out;
    for (auto const& [key, value] : object_->items())
      if (!asked_.contains(key)) out.push_back(key);
    return out;
  }

 private:
  template <class T>
  std::optional<T> get(std::string const& key,
                       T (json_fields::*read)(std::string const&, json_tree const&) const) {
    json_tree const* const value = find(key);
    if (value == nullptr) return std::nullopt;
    return (this->*read)(key, *value);
  }
  template <class T>
  std::vector<T> list(std::string const& key,
                      T (json_fields::*read)(std::string const&, json_tree const&) const) {
    std::vector<T> out;
    json_tree const* const value = find(key);
    if (value == nullptr) return out;
    if (!value->is_array()) fails(key, *value, "a list");
    for (json_tree const& item : *value) out.push_back((this->*read)(key, item));
    return out;
  }

  json_tree const* object_;
  std::string const* path_;
  std::string prefix_;
  std::set<std::string> asked_;
};

}  // namespace detail
}  // namespace v1
}  // namespace reshard
