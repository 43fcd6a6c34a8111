#pragma once

#include <reshard/testing/all_layouts.hpp>

#include <array>
#include <optional>
#include <random>

namespace reshard {
inline namespace v1 {
namespace testing {

/// Which rules generated cuts may have.
///   exact: every cut divides
///   tails: contiguous parts by ceil or balanced
///   any:   those, stated sizes, cyclic blocks and sections
enum class rule_choice : std::uint8_t { exact, tails, any };

/// How many layouts are made, and how large they may be.
///   seed: of the generator; a random one if there is none. Results print it
struct generator_options {
  std::optional<unsigned> seed = std::nullopt;
  int cases = 300;
  index_t devices = 24;
  std::size_t rank = 3;
  index_t extent = 7;  ///< of a dim; exact cuts multiply it by what must divide
  rule_choice rules = rule_choice::any;
};

/// Layouts of one shape that make a case together: one, or the two ends of a plan.
template <std::size_t Count> using layout_cases = std::array<layout_case, Count>;

/// Random layouts: nested maps, parts of axes on different dims, axes of size 1, any rule. The same
/// seed and the same calls make the same layouts.
class random_layouts {
 public:
  explicit random_layouts(unsigned seed, rule_choice rules = rule_choice::any)
      : random_(seed), rules_(rules) {}

  /// A number in [0, end).
  [[nodiscard]] index_t below(index_t end) {
    return std::uniform_int_distribution<index_t>{0, end - 1}(random_);
  }
  [[nodiscard]] list shape(std::size_t rank, index_t extent = 7) {
    list sizes;
    for (std::size_t d = 0; d < rank; ++d) sizes.push_back(1 + below(extent));
    return sizes;
  }
  /// A layout of that shape; under rule_choice::exact the cuts need not divide it.
  [[nodiscard]] layout_case on(list const& shape, index_t most_devices) {
    layout_case l{{}, shape, std::vector<std::vector<cut_case>>(shape.size())};
    for (index_t devices = 1; l.devices.size() < 6 && below(5) != 0;) {
      l.devices.push_back(1 + below(4));
      devices *= l.devices.back();
      if (devices > most_devices) l.devices.pop_back(), devices = most_devices;
    }
    list axes(l.devices.size());
    std::iota(axes.begin(), axes.end(), 0);
    std::shuffle(axes.begin(), axes.end(), random_);
    for (std::size_t first = 0; first < axes.size();) {
      auto const take = std::min(axes.size() - first, static_cast<std::size_t>(1 + below(3)));
      auto const from = axes.begin() + static_cast<std::ptrdiff_t>(first);
      cut_over(l, list(from, from + static_cast<std::ptrdiff_t>(take)));
      first += take;
    }
    return l;
  }

 private:
  /// Splits the number of these axes into digits and gives each to some dim, or to none.
  void cut_over(layout_case& l, list const& axes) {
    index_t const all = parts_of(l.devices, axes);
    for (index_t divide = 1; divide < all;) {
      list factors;
      for (index_t f = 2; f <= all / divide; ++f)
        if (all / divide % f == 0) factors.push_back(f);
      index_t const modulo =
          factors[static_cast<std::size_t>(below(static_cast<index_t>(factors.size())))];
      auto const dim = static_cast<std::size_t>(below(static_cast<index_t>(l.shape.size()) + 1));
      if (dim < l.shape.size()) l.cuts[dim].push_back({axes, divide, modulo, rule(l, dim, modulo)});
      divide *= modulo;
    }
  }
  /// A rule that fits whatever is left; sizes are stated by the first cut of a dim only.
  [[nodiscard]] cut_rule rule(layout_case const& l, std::size_t dim, index_t parts) {
    if (rules_ == rule_choice::exact) return tail_rule::exact;
    tail_rule const tail = below(2) == 0 ? tail_rule::ceil : tail_rule::balanced;
    if (rules_ == rule_choice::tails) return tail;
    switch (below(6)) {
      case 0:
        return cut_rule::cyclic(1 + below(3));
      case 1:
        return cut_rule::sections(1 + below(4), tail);
      case 2:
        if (l.cuts[dim].empty() && parts <= 8)
          return cut_rule::parts(sizes(l.shape[dim], parts, 1));
        return tail;
      case 3:
        if (l.cuts[dim].empty() && l.shape[dim] % parts == 0)
          return cut_rule::sections(sizes(l.shape[dim], 1 + below(4), parts));
        return tail;
      default:
        return tail;
    }
  }
  /// Random multiples of `unit` that add up to `sum`.
  [[nodiscard]] size_list sizes(index_t sum, index_t count, index_t unit) {
    size_list out(static_cast<std::size_t>(count), 0);
    for (; sum > 0; sum -= unit) out[static_cast<std::size_t>(below(count))] += unit;
    return out;
  }

  std::mt19937 random_;
  rule_choice rules_;
};

namespace detail {
/// Makes extents that every cut of every layout divides.
template <std::size_t Count> void make_divisible(layout_cases<Count>& layouts) {
  for (std::size_t d = 0; d < layouts[0].shape.size(); ++d) {
    index_t common = 1;
    for (layout_case const& l : layouts) {
      index_t parts = 1;
      for (cut_case const& c : l.cuts[d]) parts *= c.modulo;
      common = std::lcm(common, parts);
    }
    for (layout_case& l : layouts) l.shape[d] = common * (1 + l.shape[d] % 2);
  }
}
}  // namespace detail

/// `Count` random layouts of one shape.
template <std::size_t Count>
[[nodiscard]] layout_cases<Count> random_case(random_layouts& random,
                                              generator_options const& limits) {
  auto const rank = static_cast<std::size_t>(random.below(static_cast<index_t>(limits.rank) + 1));
  list const shape = random.shape(rank, limits.extent);
  layout_cases<Count> out;
  for (layout_case& l : out) l = random.on(shape, limits.devices);
  if (limits.rules == rule_choice::exact) detail::make_divisible(out);
  return out;
}

}  // namespace testing
}  // namespace v1
}  // namespace reshard
