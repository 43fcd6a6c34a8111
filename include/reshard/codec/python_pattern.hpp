#pragma once

#include <reshard/tensor/codec_error.hpp>

#include <algorithm>
#include <cstddef>
#include <regex>
#include <string>
#include <string_view>

namespace reshard {
inline namespace v1 {
namespace detail {

[[noreturn]] inline void pattern_is_not_supported(std::string_view expression,
                                                  std::string const& reason) {
  throw codec_error{errc::value_is_not_supported,
                    __func__,
                    {},
                    "the regular expression " + in_quotes(expression) + ": " + reason};
}

/// Refuses what Python's re and std::regex (ECMAScript) both take but understand differently, what
/// only re takes, and what would cost too much: std::regex recurses over the expression.
class python_pattern_check {
 public:
  explicit python_pattern_check(std::string_view expression) : all_(expression) {}

  void run() {
    if (all_.size() > longest)
      unsupported("it has " + std::to_string(all_.size()) + " characters, at most " +
                  std::to_string(longest) + " are accepted");
    while (at_ < all_.size()) step();
    if (copies_ * all_.size() > longest) unsupported("its repetitions are too many");
  }

 private:
  static constexpr std::size_t longest = 4096;

  [[noreturn]] void unsupported(std::string const& reason) const {
    pattern_is_not_supported(all_, reason);
  }
  [[nodiscard]] bool next_is(std::string_view words) const {
    return all_.substr(at_).starts_with(words);
  }

  void step() {
    char const c = all_[at_++];
    if (c == '\\') return escape("dDsSwWbBnrtfv");
    if (c == '[') return set();
    if (c == '(' && next_is("?") && !next_is("?:") && !next_is("?=") && !next_is("?!"))
      unsupported("groups other than (...), (?:...), (?=...), (?!...) are not supported");
    if (c == '*' || c == '+' || c == '?') return quantified();
    if (c == '{') return repetition();
  }

  void escape(std::string_view letters) {
    if (at_ == all_.size()) return;  // std::regex says so
    char const c = all_[at_++];
    bool const is_letter_or_digit =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (is_letter_or_digit && letters.find(c) == letters.npos)
      unsupported(std::string{"the escape \\"} + c + " is not supported");
  }

  /// A set of characters in brackets.
  void set() {
    if (next_is("^")) ++at_;
    if (next_is("]")) unsupported("write \\] for a bracket in a set");
    while (at_ < all_.size() && all_[at_] != ']') {
      char const c = all_[at_++];
      if (c == '[') unsupported("write \\[ for a bracket in a set");
      if (c == '\\') escape("dDsSwWnrtfv");
    }
    if (at_ < all_.size()) ++at_;
  }

  /// Behind a quantifier: one ? makes it lazy, which changes nothing about whether it matches.
  void quantified() {
    bool const lazy = next_is("?");
    if (lazy) ++at_;
    if (next_is("*") || next_is("+") || next_is("?") || next_is("{"))
      unsupported("two quantifiers in a row are not supported");
  }

  /// {n}, {n,} or {n,m}: std::regex copies what is repeated.
  void repetition() {
    std::size_t const close = all_.find('}', at_);
    std::string_view const counts = all_.substr(at_, close == all_.npos ? 0 : close - at_);
    std::string_view const first = counts.substr(0, counts.find(','));
    std::string_view const second = counts.substr(std::min(first.size() + 1, counts.size()));
    if (!is_count(first) || (!second.empty() && !is_count(second)))
      unsupported("write \\{ for a brace; a repetition is {n}, {n,} or {n,m} below 1000");
    for (std::string_view const count : {first, second}) {
      if (count.empty()) continue;
      copies_ *= std::max<std::size_t>(std::stoul(std::string{count}), 1);
      if (copies_ > longest) unsupported("its repetitions are too many");
    }
    at_ = close + 1;
    quantified();
  }

  static bool is_count(std::string_view digits) {
    return !digits.empty() && digits.size() <= 3 &&
           digits.find_first_not_of("0123456789") == digits.npos;
  }

  std::string_view all_;
  std::size_t at_ = 0;
  std::size_t copies_ = 1;
};
}  // namespace detail

/// A regular expression of Python's re, as configurations of adapters hold them. For texts of ASCII
/// without line ends it matches what re matches; what would be understood differently is refused.
class python_pattern {
 public:
  ///   throws: codec_error value_is_not_supported, which quotes the expression
  explicit python_pattern(std::string const& expression) {
    detail::python_pattern_check{expression}.run();
    try {
      regex_.assign(expression, flags);
    } catch (std::regex_error const& e) {
      detail::pattern_is_not_supported(expression, e.what());
    }
  }

  /// re.fullmatch(expression, text)
  ///   cost: polynomial in the text, whatever the expression is
  [[nodiscard]] bool matches_whole(std::string_view text) const {
    return std::regex_match(text.begin(), text.end(), regex_);
  }

  /// re.match(expression, text): from the start on, but not to the end.
  [[nodiscard]] bool matches_from_start(std::string_view text) const {
    return std::regex_search(text.begin(), text.end(), regex_,
                             std::regex_constants::match_continuous);
  }

 private:
  /// libstdc++ has a flag against expressions that take exponential time; its name is all there is.
  static constexpr auto flags =
      std::regex::ECMAScript | std::regex::nosubs | std::regex_constants::__polynomial;

  std::regex regex_;
};

}  // namespace v1
}  // namespace reshard
