#pragma once

#include <reshard/tensor/codec_error.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reshard {
inline namespace v1 {
namespace detail {

/// A JSON text and where it stands in a file.
struct json_source {
  std::string_view text;
  std::string const& path;
  std::uint64_t first_byte = 0;

  [[nodiscard]] file_place place(std::uint64_t offset) const {
    return {path, {}, static_cast<std::int64_t>(first_byte + offset)};
  }
};

[[noreturn]] inline void json_is_malformed(file_place const& place, std::string const& reason) {
  throw codec_error{errc::file_is_malformed, __func__, place, reason};
}
[[noreturn]] inline void json_is_not_utf8(file_place const& place) {
  throw codec_error{errc::file_is_malformed, __func__, place, "the JSON text is no UTF-8"};
}
[[noreturn]] inline void json_is_nested_too_deeply(int most) {
  throw codec_error{errc::file_is_malformed,
                    __func__,
                    {},
                    "the JSON is nested deeper than " + std::to_string(most) + " levels"};
}
[[noreturn]] inline void key_occurs_twice(file_place const& place, std::string_view key) {
  throw codec_error{errc::file_is_malformed, __func__, place,
                    "the key " + in_quotes(key) + " occurs twice in one object"};
}
[[noreturn]] inline void text_is_not_utf8(std::string const& words) {
  throw codec_error{errc::value_is_not_supported, __func__, {}, in_quotes(words) + " is no UTF-8"};
}

enum class json_bracket : std::uint8_t { object, array };
enum class json_charset : std::uint8_t { utf8, ascii };

/// A text as a JSON string with its quotes; `ascii` escapes everything beyond, as Python does.
///   throws: codec_error value_is_not_supported  when it is no UTF-8
[[nodiscard]] inline std::string json_text(std::string const& words,
                                           json_charset charset = json_charset::utf8) {
  try {
    return nlohmann::json(words).dump(-1, ' ', charset == json_charset::ascii);
  } catch (nlohmann::json::type_error const&) {
    text_is_not_utf8(words);
  }
}

[[nodiscard]] inline bool is_utf8(std::string_view words) {
  try {
    (void)json_text(std::string{words});
    return true;
  } catch (codec_error const&) {
    return false;
  }
}

/// What takes the events of a JSON text: texts and keys unescaped; whole numbers below 2^64;
/// everything else (null, true, -1, 4.0) as it is written. It may throw codec_error without path
/// and byte.
template <class Handler>
concept json_handler = std::copyable<Handler> &&
    requires(Handler& to, std::string const& words, std::uint64_t n) {
  to.open(json_bracket::object);
  to.close();
  to.key(words);
  to.text(words);
  to.number(n);
  to.other(words);
};

/// The interface that nlohmann's parser calls, with a cap on the depth.
template <json_handler Handler> class json_sax {
 public:
  json_sax(Handler& handler, json_source const& source) : handler_(&handler), source_(&source) {}

  bool null() { return other("null"); }
  bool boolean(bool value) { return other(value ? "true" : "false"); }
  bool number_integer(std::int64_t value) { return other(value ? std::to_string(value) : "-0"); }
  bool number_float(double, std::string const& token) { return other(token); }
  bool binary(std::vector<std::uint8_t> const&) { return other("binary"); }
  bool number_unsigned(std::uint64_t value) { return handler_->number(value), true; }
  bool string(std::string const& value) { return handler_->text(value), true; }
  bool key(std::string const& value) { return handler_->key(value), true; }
  bool start_object(std::size_t) { return open(json_bracket::object); }
  bool start_array(std::size_t) { return open(json_bracket::array); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  [[noreturn]] bool parse_error(std::size_t position, std::string const&,
                                std::exception const& reason) {
    file_place const place = source_->place(position == 0 ? 0 : position - 1);
    if (!is_utf8(source_->text)) json_is_not_utf8(place);
    std::string_view words = reason.what();
    if (auto const number = words.find("] "); number != words.npos) words.remove_prefix(number + 2);
    json_is_malformed(place, std::string{words.substr(0, 300)});
  }

 private:
  static constexpr int deepest = 64;

  bool other(std::string const& token) { return handler_->other(token), true; }
  bool open(json_bracket bracket) {
    if (++depth_ > deepest) json_is_nested_too_deeply(deepest);
    return handler_->open(bracket), true;
  }
  bool close() {
    --depth_;
    return handler_->close(), true;
  }

  Handler* handler_;
  json_source const* source_;
  int depth_ = 0;
};

/// Counts how far the parser got. Slower than a pointer: used only to find the byte of an error.
class counting_iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = char const*;
  using reference = char const&;

  counting_iterator(char const* at, std::uint64_t* taken) : at_(at), taken_(taken) {}
  reference operator*() const { return *at_; }
  counting_iterator& operator++() {
    ++at_;
    ++*taken_;
    return *this;
  }
  friend bool operator==(counting_iterator const& a, counting_iterator const& b) {
    return a.at_ == b.at_;
  }

 private:
  char const* at_;
  std::uint64_t* taken_;
};

template <json_handler Handler>
void run_parser(json_source const& source, Handler& handler, auto first, auto last) {
  json_sax<Handler> sax{handler, source};
  nlohmann::json::sax_parse(first, last, &sax);
}

/// Runs a text through a handler; gives the handler in its last state. Refuses what nlohmann's
/// parser lets pass: a byte order mark, NUL bytes behind the end, any depth.
///   fresh:  makes the handler, once more to find the byte of an error that it reports
///   throws: codec_error file_is_malformed, and what the handler throws, with path and byte
///   cost:   one pass, nothing is kept; a second, slower one for that byte
[[nodiscard]] auto read_json(json_source const& source, auto&& fresh) {
  std::string_view const text = source.text;
  if (text.starts_with("\xef\xbb\xbf"))
    json_is_malformed(source.place(0), "the JSON begins with a byte order mark");
  if (auto const nul = text.find('\0'); nul != text.npos)
    json_is_malformed(source.place(nul), "the JSON has a NUL byte");
  auto handler = fresh();
  try {
    run_parser(source, handler, text.data(), text.data() + text.size());
    return handler;
  } catch (codec_error const& e) {
    if (e.byte() >= 0) throw;
  }
  std::uint64_t taken = 0;
  try {
    handler = fresh();
    run_parser(source, handler, counting_iterator{text.data(), &taken},
               counting_iterator{text.data() + text.size(), &taken});
    return handler;
  } catch (codec_error const& e) {
    file_place place = source.place(taken);
    place.tensor = e.tensor();
    throw codec_error{e.code(), e.rule(), std::move(place), e.message()};
  }
}

/// The positions of keys that occur again later, ascending.
///   cost: O(n log n), whatever the keys are: a hash table could be made slow on purpose
[[nodiscard]] inline std::vector<std::size_t> superseded(std::span<std::string_view const> keys) {
  auto const not_above = [](std::string_view a, std::string_view b) { return a >= b; };
  if (std::adjacent_find(keys.begin(), keys.end(), not_above) == keys.end()) return {};
  struct hashed_key {
    std::size_t hash;
    std::size_t position;
  };
  std::vector<hashed_key> all;
  all.reserve(keys.size());
  for (std::string_view const key : keys)
    all.push_back({std::hash<std::string_view>{}(key), all.size()});
  std::sort(all.begin(), all.end(), [&](hashed_key const& a, hashed_key const& b) {
    if (a.hash != b.hash) return a.hash < b.hash;
    int const order = keys[a.position].compare(keys[b.position]);
    return order != 0 ? order < 0 : a.position < b.position;
  });
  std::vector<std::size_t> out;
  for (std::size_t i = 1; i < all.size(); ++i)
    if (all[i].hash == all[i - 1].hash && keys[all[i].position] == keys[all[i - 1].position])
      out.push_back(all[i - 1].position);
  std::sort(out.begin(), out.end());
  return out;
}

/// The keys of these items, for superseded.
[[nodiscard]] std::vector<std::string_view> keys_of(auto const& items, auto const& key_of) {
  std::vector<std::string_view> keys;
  keys.reserve(items.size());
  for (auto const& item : items) keys.push_back(key_of(item));
  return keys;
}

/// No two items have the same key.
///   throws: codec_error file_is_malformed
void require_unique_keys(std::string const& path, auto const& items, auto const& key_of) {
  std::vector<std::string_view> const keys = keys_of(items, key_of);
  auto const twice = superseded(keys);
  if (!twice.empty()) key_occurs_twice({path, {}, -1}, keys[twice[0]]);
}

}  // namespace detail
}  // namespace v1
}  // namespace reshard
