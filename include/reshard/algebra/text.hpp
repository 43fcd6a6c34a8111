#pragma once

#include <cstddef>
#include <cstdint>

namespace reshard {
inline namespace v1 {

/// A signed 64-bit size, index or count of elements.
using index_t = std::int64_t;
inline constexpr index_t max_index = INT64_MAX;

/// Text in a fixed buffer: enough for error messages and printed layouts without <string>. What
/// does not fit is cut off and ends in "...".
template <std::size_t Capacity> struct text {
  char data_[Capacity + 1]{};
  std::size_t size_ = 0;

  [[nodiscard]] constexpr char const* c_str() const noexcept { return data_; }
  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }

  friend constexpr bool operator==(text const&, text const&) = default;

  constexpr void push_back(char c) noexcept {
    if (size_ < Capacity) {
      data_[size_++] = c;
    } else {
      data_[Capacity - 1] = data_[Capacity - 2] = data_[Capacity - 3] = '.';
    }
  }
};

/// Anything that takes characters one by one: text<N>, std::string.
template <class Sink>
concept character_sink = requires(Sink& sink, char c) {
  sink.push_back(c);
};

template <character_sink Sink> constexpr void print(Sink& sink, char const* words) {
  for (; *words != '\0'; ++words) sink.push_back(*words);
}

template <character_sink Sink> constexpr void print(Sink& sink, index_t number) {
  char digits[20]{};
  std::size_t n = 0;
  bool const negative = number < 0;
  auto rest =
      negative ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
  do digits[n++] = static_cast<char>('0' + rest % 10);
  while ((rest /= 10) != 0);
  if (negative) sink.push_back('-');
  while (n != 0) sink.push_back(digits[--n]);
}

template <character_sink Sink> constexpr void print(Sink& sink, std::size_t number) {
  print(sink, static_cast<index_t>(number));
}

/// Anything that prints, as text for a message.
template <class T> [[nodiscard]] constexpr text<480> printed(T const& value) {
  text<480> out;
  print(out, value);
  return out;
}

}  // namespace v1
}  // namespace reshard
