#pragma once

#include <reshard/tensor/codec_error.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reshard {
inline namespace v1 {

/// A pickle and where it stands in a file. Whoever makes a pickle_tree of it keeps the bytes.
struct pickle_source {
  std::span<std::byte const> bytes;
  std::string const& path;
  std::uint64_t first_byte = 0;

  [[nodiscard]] file_place place(std::uint64_t offset) const {
    return {path, {}, static_cast<std::int64_t>(first_byte + offset)};
  }
};

/// A class or function that a pickle may name: "collections.OrderedDict". Calling a dict class
/// without arguments makes a dict; calls of all others stay calls.
struct pickle_global {
  enum class kind : std::uint8_t { other, dict_class };
  std::string_view name;
  kind what = kind::other;
};

enum class pickle_kind : std::uint8_t {
  none,
  boolean,
  integer,
  real,  ///< its value is not kept
  text,
  tuple,
  list,
  dict,
  global,
  call,
  persistent
};

/// The name of a kind, for messages.
[[nodiscard]] constexpr std::string_view name_of(pickle_kind kind) noexcept {
  constexpr std::string_view names[] = {"None",    "a bool",    "an int",   "a float",
                                        "a text",  "a tuple",   "a list",   "a dict",
                                        "a class", "an object", "a storage"};
  return names[static_cast<std::size_t>(kind)];
}

/// The place of a value in a pickle_tree.
enum class pickle_id : std::uint32_t {};

/// One value of a pickle.
///   byte:   where the opcode that made it stands, counted from the begin of the pickle
///   number: of a boolean or integer; of a global its place in the list of allowed ones
///   text:   of a text, as it is in the pickle; not checked to be UTF-8
///   items:  of a tuple or list the elements, of a dict keys and values in turn, of a call the
///           function and the tuple of arguments, of a persistent value its id
struct pickle_value {
  pickle_kind kind = pickle_kind::none;
  std::uint32_t byte = 0;
  std::int64_t number = 0;
  std::string_view text{};
  std::vector<pickle_id> items{};
};

/// What a pickle says, without running any of it. Values may be shared, and lists and dicts may
/// hold themselves: whoever walks through them guards against that.
class pickle_tree {
 public:
  pickle_id add(pickle_value value) {
    values_.push_back(std::move(value));
    return static_cast<pickle_id>(values_.size() - 1);
  }
  [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
  [[nodiscard]] pickle_value const& operator[](pickle_id id) const noexcept {
    return values_[static_cast<std::size_t>(id)];
  }
  [[nodiscard]] pickle_value& operator[](pickle_id id) noexcept {
    return values_[static_cast<std::size_t>(id)];
  }
  [[nodiscard]] pickle_id root() const noexcept { return root_; }
  void set_root(pickle_id root) noexcept { root_ = root; }

 private:
  std::vector<pickle_value> values_;
  pickle_id root_{};
};

}  // namespace v1
}  // namespace reshard
