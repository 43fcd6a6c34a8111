#pragma once

#include <reshard/algebra/inplace_vector.hpp>

namespace reshard {
inline namespace v1 {

/// Most leaves of a nested tuple.
inline constexpr std::size_t max_leaves = 32;

/// How a tuple is nested, in preorder: 0 is a leaf, 1 + k is a list of k entries.
///   example: (2,(4,2)) -> 3, 0, 3, 0, 0
using profile = inplace_vector<std::uint8_t, 2 * max_leaves>;

namespace detail {
/// Where an entry of a nested tuple stands: its nodes in the profile, its leaves in their list.
struct nested_range {
  std::size_t first_node;
  std::size_t last_node;
  std::size_t first_leaf;
  std::size_t last_leaf;
};

/// The entry whose first node and first leaf are those.
constexpr nested_range entry_at(profile const& nodes, std::size_t node, std::size_t leaf) {
  nested_range range{node, node, leaf, leaf};
  for (std::size_t open = 1; open != 0; ++range.last_node) {
    std::size_t const list = nodes[range.last_node];
    if (list == 0) ++range.last_leaf;
    open = list == 0 ? open - 1 : open + list - 2;
  }
  return range;
}
}  // namespace detail

/// A leaf, or a list of nested tuples: an HTuple of CuTe. Lists may be empty. {2, {4, 2}} is the
/// list (2,(4,2)), {2} the list (2); a leaf alone converts. A list whose one entry is a list is
/// built with append: compilers disagree on what {list} means.
///   throws: layout_error too_many_entries  beyond Capacity leaves or twice max_leaves nodes
template <class Leaf, std::size_t Capacity> struct nested {
  reshard::profile profile_;
  inplace_vector<Leaf, Capacity> leaves_;

  constexpr nested() { profile_.push_back(1); }
  constexpr nested(Leaf const& leaf) : leaves_{leaf} { profile_.push_back(0); }
  constexpr nested(std::initializer_list<nested> entries) : nested() {
    for (nested const& entry : entries) append(entry);
  }

  [[nodiscard]] constexpr bool is_leaf() const noexcept { return profile_[0] == 0; }
  /// How many entries the list has; a leaf is one entry.
  [[nodiscard]] constexpr std::size_t rank() const noexcept {
    return is_leaf() ? 1U : profile_[0] - 1U;
  }
  [[nodiscard]] constexpr reshard::profile const& profile() const noexcept { return profile_; }
  /// From left to right.
  [[nodiscard]] constexpr inplace_vector<Leaf, Capacity> const& leaves() const noexcept {
    return leaves_;
  }

  /// Entry i < rank() of the list, or the leaf itself.
  [[nodiscard]] constexpr nested operator[](std::size_t i) const {
    if (is_leaf()) return *this;
    detail::nested_range range = detail::entry_at(profile_, 1, 0);
    for (; i != 0; --i) range = detail::entry_at(profile_, range.last_node, range.last_leaf);
    nested entry;
    entry.profile_.pop_back();
    for (std::size_t n = range.first_node; n < range.last_node; ++n)
      entry.profile_.push_back(profile_[n]);
    for (std::size_t l = range.first_leaf; l < range.last_leaf; ++l)
      entry.leaves_.push_back(leaves_[l]);
    return entry;
  }
  /// Adds an entry to the list.
  constexpr void append(nested const& entry) {
    for (std::uint8_t const node : entry.profile_) profile_.push_back(node);
    for (Leaf const& leaf : entry.leaves_) leaves_.push_back(leaf);
    ++profile_[0];
  }
  /// Adds the entries of another list, or a leaf.
  constexpr void append_entries(nested const& list) {
    for (std::size_t i = 0; i < list.rank(); ++i) append(list[i]);
  }

  friend constexpr bool operator==(nested const&, nested const&) = default;
};

/// Both tuples are nested alike: CuTe's congruent.
template <class A, std::size_t N, class B, std::size_t M>
[[nodiscard]] constexpr bool congruent(nested<A, N> const& a, nested<B, M> const& b) noexcept {
  return a.profile() == b.profile();
}

/// The tuple of f(leaf), nested alike.
template <class Leaf, std::size_t Capacity, class Function>
[[nodiscard]] constexpr auto transform_leaf(nested<Leaf, Capacity> const& tuple,
                                            Function const& f) {
  nested<decltype(f(tuple.leaves()[0])), Capacity> image;
  image.profile_ = tuple.profile();
  for (Leaf const& leaf : tuple.leaves()) image.leaves_.push_back(f(leaf));
  return image;
}

/// (2,(4,2))
template <character_sink Sink, class Leaf, std::size_t Capacity>
constexpr void print(Sink& sink, nested<Leaf, Capacity> const& tuple) {
  inplace_vector<std::size_t, 2 * max_leaves> open;  // entries to come, per open list
  std::size_t leaf = 0;
  for (std::uint8_t const node : tuple.profile()) {
    bool complete = node <= 1;  // an entry ends here
    if (node == 0) print(sink, tuple.leaves()[leaf++]);
    if (node == 1) print(sink, "()");
    if (node > 1) print(sink, "("), open.push_back(node - 1U);
    while (complete && !open.empty()) {
      complete = --open[open.size() - 1] == 0;
      print(sink, complete ? ")" : ",");
      if (complete) open.pop_back();
    }
  }
}

}  // namespace v1
}  // namespace reshard
