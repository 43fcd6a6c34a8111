#pragma once

#include <reshard/plan/picture.hpp>
#include <reshard/testing/shrink.hpp>

#include <ostream>

namespace reshard {
inline namespace v1 {
namespace testing {

/// What a search for a counterexample found.
///   tried:          cases up to the first that failed, itself included
///   counterexample: its smallest form with a picture; empty if the property always held
struct search_result {
  unsigned seed = 0;
  int tried = 0;
  std::string counterexample;

  [[nodiscard]] explicit operator bool() const noexcept { return counterexample.empty(); }
  friend std::ostream& operator<<(std::ostream& out, search_result const& result) {
    if (result) return out << result.tried << " cases hold, seed " << result.seed;
    return out << "case " << result.tried << " of seed " << result.seed << " fails; shrunk:\n"
               << result.counterexample;
  }
};

/// The printed form and the picture of a layout.
[[nodiscard]] inline std::string describe(layout const& l) {
  std::string words = to_text(l) + "\n";
  print_picture(words, l);
  return words;
}
/// Both printed forms and the picture of the plan between two layouts.
[[nodiscard]] inline std::string describe(layout const& from, layout const& to) {
  std::string words = "from " + to_text(from) + "\nto   " + to_text(to) + "\n";
  print_picture(words, from, to);
  return words;
}

namespace detail {
inline std::string describe_case(layout_cases<1> const& stated) {
  return describe(to_layout(stated[0]));
}
inline std::string describe_case(layout_cases<2> const& stated) {
  return describe(to_layout(stated[0]), to_layout(stated[1]));
}

template <std::size_t Count, class Property>
search_result search(generator_options const& options, Property const& property) {
  search_result result;
  result.seed = options.seed ? *options.seed : std::random_device{}();
  random_layouts random{result.seed, options.rules};
  while (result.tried < options.cases && result) {
    ++result.tried;
    layout_cases<Count> const found = random_case<Count>(random, options);
    if (!holds(property, found)) result.counterexample = describe_case(shrunk(found, property));
  }
  return result;
}
}  // namespace detail

/// Tries a property on random layouts; the first that breaks it is shrunk.
///   property: callable, layout const& -> bool; throwing means false
///   example:  CHECK(for_all_layouts({.cases = 1000}, [](layout const& l) { return covers(l); }))
template <class Property>
[[nodiscard]] search_result for_all_layouts(generator_options const& options,
                                            Property const& property) {
  return detail::search<1>(options, property);
}

/// As above, for two layouts of one shape.
///   property: callable, (layout const& from, layout const& to) -> bool
template <class Property>
[[nodiscard]] search_result for_all_pairs(generator_options const& options,
                                          Property const& property) {
  return detail::search<2>(options, property);
}

}  // namespace testing
}  // namespace v1
}  // namespace reshard
