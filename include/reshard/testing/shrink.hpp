#pragma once

#include <reshard/testing/random_layouts.hpp>

#include <tuple>

namespace reshard {
inline namespace v1 {
namespace testing {

/// Whether a property holds for a case. One that throws does not hold.
///   property: callable, layout const& per layout of the case -> bool
///   throws:   layout_error if the case states no layout
template <std::size_t Count, class Property>
[[nodiscard]] bool holds(Property const& property, layout_cases<Count> const& stated) {
  std::array<layout, Count> values;
  for (std::size_t i = 0; i < Count; ++i) values[i] = to_layout(stated[i]);
  try {
    return std::apply(property, values);
  } catch (std::exception const&) {
    return false;
  }
}

namespace detail {
/// How far a rule is from the simplest one; equal kinds differ by their block.
inline index_t weight(cut_rule const& rule) {
  if (rule.kind_ == cut_kind::contiguous) return static_cast<index_t>(rule.tail_);
  return 8 * static_cast<index_t>(rule.kind_) + rule.block_;
}

/// The same cuts over a matrix without an axis, or with a smaller one.
///   size: the new size of the axis, 1 = it goes
inline layout_case with_axis(layout_case l, index_t axis, index_t size) {
  std::size_t const at = l.devices.size() - 1 - static_cast<std::size_t>(axis);
  for (auto& along : l.cuts)
    for (cut_case& c : along) {
      bool const whole = c.divide == 1 && c.modulo == parts_of(l.devices, c.axes);
      bool const named = std::find(c.axes.begin(), c.axes.end(), axis) != c.axes.end();
      if (named && whole) c.modulo = c.modulo / l.devices[at] * size;
      if (size > 1) continue;
      c.axes.erase(std::remove(c.axes.begin(), c.axes.end(), axis), c.axes.end());
      for (index_t& other : c.axes) other -= other > axis ? 1 : 0;
      if (named && !whole) c.axes.clear();
    }
  for (auto& along : l.cuts) std::erase_if(along, [](cut_case const& c) { return c.axes.empty(); });
  if (size > 1) l.devices[at] = size;
  if (size == 1) l.devices.erase(l.devices.begin() + static_cast<std::ptrdiff_t>(at));
  return l;
}

/// Every cut over an axis of its own, after the axes that nobody cuts by.
inline layout_case with_plain_axes(layout_case const& l) {
  layout_case out{on_axes(l.devices, unused_axes(l)), l.shape, l.cuts};
  for (auto const& along : l.cuts)
    for (cut_case const& c : along) out.devices.push_back(c.modulo);
  auto axis = static_cast<index_t>(out.devices.size() - unused_axes(l).size());
  for (auto& along : out.cuts)
    for (cut_case& c : along) c = {{--axis}, 1, c.modulo, c.rule};
  return out;
}

inline bool cuts_by(std::vector<cut_case> const& along, index_t axis) {
  for (cut_case const& c : along)
    if (std::find(c.axes.begin(), c.axes.end(), axis) != c.axes.end()) return true;
  return false;
}

/// Makes the sizes that rules state fit an extent and a number of parts that shrank.
inline void fit_stated_sizes(layout_case& l) {
  for (std::size_t d = 0; d < l.shape.size(); ++d) {
    for (cut_case& c : l.cuts[d]) {
      size_list& sizes = c.rule.sizes_;
      if (sizes.empty()) continue;
      bool const listed = c.rule.kind_ == cut_kind::listed;
      while (listed && static_cast<index_t>(sizes.size()) > c.modulo) {
        sizes[0] += sizes.back();
        sizes.pop_back();
      }
      index_t excess = -l.shape[d];
      for (index_t const size : sizes) excess += size;
      index_t const unit = listed ? 1 : c.modulo;
      for (std::size_t i = sizes.size(); i-- > 0 && excess > 0;)
        for (; sizes[i] >= unit && excess > 0; excess -= unit) sizes[i] -= unit;
    }
  }
}

/// Visits the cases that are one step smaller; the boldest steps first.
///   sink: callable, (layout_cases<Count>) -> bool: stop here
template <std::size_t Count, class Sink> class smaller_cases {
 public:
  smaller_cases(layout_cases<Count> const& whole, Sink const& sink) : whole_(whole), sink_(sink) {}

  bool visit() const {
    return fewer_dims() || fewer_axes() || fewer_cuts() || plain_axes() || smaller_extents() ||
           smaller_axes() || simpler_rules();
  }

 private:
  /// Offers the case after a change of all its layouts.
  template <class Change> bool offer(Change const& change) const {
    layout_cases<Count> next = whole_;
    change(next);
    for (layout_case& l : next) fit_stated_sizes(l);
    return sink_(next);
  }
  bool fewer_dims() const {
    for (std::size_t d = 0; d < whole_[0].shape.size(); ++d) {
      auto const at = static_cast<std::ptrdiff_t>(d);
      if (offer([&](auto& next) {
            for (layout_case& l : next) {
              l.shape.erase(l.shape.begin() + at);
              l.cuts.erase(l.cuts.begin() + at);
            }
          }))
        return true;
    }
    return false;
  }
  bool fewer_axes() const {
    return each_axis([&](std::size_t i, index_t axis, index_t) {
      return offer([&](auto& next) { next[i] = with_axis(next[i], axis, 1); });
    });
  }
  /// Axes of size 2, or one less; by themselves, then with the extents that they cut.
  bool smaller_axes() const {
    return each_axis([&](std::size_t i, index_t axis, index_t now) {
      for (index_t const size : {index_t{2}, now - 1}) {
        if (size < 2 || size >= now) continue;
        auto const shrink = [&](auto& next) { next[i] = with_axis(next[i], axis, size); };
        auto const shrink_all = [&](auto& next) {
          shrink(next);
          for (layout_case& l : next)
            for (std::size_t d = 0; d < l.shape.size(); ++d)
              if (cuts_by(whole_[i].cuts[d], axis)) l.shape[d] = l.shape[d] * size / now;
        };
        if (offer(shrink) || offer(shrink_all)) return true;
      }
      return false;
    });
  }
  bool plain_axes() const {
    for (std::size_t i = 0; i < Count; ++i) {
      layout_case const plain = with_plain_axes(whole_[i]);
      if (plain != whole_[i] && offer([&](auto& next) { next[i] = plain; })) return true;
    }
    return false;
  }
  bool fewer_cuts() const {
    return each_cut([&](std::size_t i, std::size_t d, std::size_t c) {
      return offer([&](auto& next) {
        auto& along = next[i].cuts[d];
        along.erase(along.begin() + static_cast<std::ptrdiff_t>(c));
      });
    });
  }
  /// Extents of 1, of half, of a few less: some may not divide.
  bool smaller_extents() const {
    for (std::size_t d = 0; d < whole_[0].shape.size(); ++d) {
      index_t const now = whole_[0].shape[d];
      list sizes{1, now / 2};
      for (index_t less = 1; less <= 8; ++less) sizes.push_back(now - less);
      for (index_t const size : sizes)
        if (size > 0 && size < now && offer([&](auto& next) {
              for (layout_case& l : next) l.shape[d] = size;
            }))
          return true;
    }
    return false;
  }
  bool simpler_rules() const {
    return each_cut([&](std::size_t i, std::size_t d, std::size_t c) {
      cut_rule const now = whole_[i].cuts[d][c].rule;
      cut_rule less = now;  // cyclic blocks or sections
      less.block_ = now.block_ > 1 ? now.block_ - 1 : now.block_;
      for (cut_rule const& rule : {cut_rule{tail_rule::exact}, cut_rule{tail_rule::ceil},
                                   cut_rule{tail_rule::balanced}, less})
        if (weight(rule) < weight(now) &&
            offer([&](auto& next) { next[i].cuts[d][c].rule = rule; }))
          return true;
      return false;
    });
  }
  /// visit: callable, (layout, axis, its size) -> bool: stop here
  template <class Visit> bool each_axis(Visit const& visit) const {
    for (std::size_t i = 0; i < Count; ++i)
      for (std::size_t a = 0; a < whole_[i].devices.size(); ++a)
        if (visit(i, static_cast<index_t>(a), whole_[i].devices[whole_[i].devices.size() - 1 - a]))
          return true;
    return false;
  }
  template <class Visit> bool each_cut(Visit const& visit) const {
    for (std::size_t i = 0; i < Count; ++i)
      for (std::size_t d = 0; d < whole_[i].cuts.size(); ++d)
        for (std::size_t c = 0; c < whole_[i].cuts[d].size(); ++c)
          if (visit(i, d, c)) return true;
    return false;
  }

  layout_cases<Count> const& whole_;
  Sink const& sink_;
};

template <std::size_t Count> bool is_valid(layout_cases<Count> const& stated) {
  try {
    for (layout_case const& l : stated) static_cast<void>(to_layout(l));
  } catch (layout_error const&) {  // a step that led to no layout
    return false;
  }
  return true;
}
}  // namespace detail

/// A case for which the property still does not hold and that cannot be made smaller: without any
/// one of its dims, device axes or cuts, with any smaller extent or axis, or with a simpler rule,
/// the property holds (or there is no such layout).
///   needs: the property does not hold for the case
///   cost:  properties tried: O((dims + axes + cuts + extents)^2)
template <std::size_t Count, class Property>
[[nodiscard]] layout_cases<Count> shrunk(layout_cases<Count> failing, Property const& property) {
  for (bool smaller = true; smaller;) {
    layout_cases<Count> next;
    auto const fails = [&](layout_cases<Count> const& tried) {
      if (!detail::is_valid(tried) || holds(property, tried)) return false;
      next = tried;
      return true;
    };
    smaller = detail::smaller_cases{failing, fails}.visit();
    if (smaller) failing = next;
  }
  return failing;
}

}  // namespace testing
}  // namespace v1
}  // namespace reshard
