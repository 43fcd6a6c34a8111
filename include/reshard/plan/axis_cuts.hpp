#pragma once

#include <reshard/algebra/layout.hpp>

namespace reshard {
inline namespace v1 {

/// A cut over whole axes.
///   mask: of the axes
///   rule: its number among the rules of a search; 0 is exact
struct axis_cut {
  axis_list axes;
  std::uint32_t mask = 0;
  std::uint8_t rule = 0;

  friend constexpr bool operator==(axis_cut const&, axis_cut const&) = default;
};

/// Numbers the rules of some maps, so that equal rules have equal numbers. Refers to the maps.
class rule_numbers {
 public:
  constexpr std::uint8_t number(cut const& c, index_t const* sizes) {
    for (std::size_t i = 0; i < rules_.size(); ++i)
      if (is_same(rules_[i], {&c, sizes})) return static_cast<std::uint8_t>(i + 1);
    rules_.push_back({&c, sizes});
    return static_cast<std::uint8_t>(rules_.size());
  }
  /// All cuts are exact.
  [[nodiscard]] constexpr bool empty() const noexcept { return rules_.empty(); }
  /// The rule with that number.
  [[nodiscard]] constexpr cut_rule rule(std::uint8_t number) const {
    cut_rule out;
    if (number == 0) return out;
    entry const& known = rules_[number - 1U];
    out.kind_ = known.by->kind();
    out.tail_ = known.by->tail();
    out.block_ = known.by->block();
    for (std::size_t i = 0; i < known.by->sizes(); ++i) out.sizes_.push_back(known.sizes[i]);
    return out;
  }

 private:
  struct entry {
    cut const* by = nullptr;
    index_t const* sizes = nullptr;
  };
  static constexpr bool is_same(entry const& a, entry const& b) {
    if (a.by->kind() != b.by->kind() || a.by->tail() != b.by->tail()) return false;
    if (a.by->block() != b.by->block() || a.by->sizes() != b.by->sizes()) return false;
    for (std::size_t i = 0; i < a.by->sizes(); ++i)
      if (a.sizes[i] != b.sizes[i]) return false;
    return true;
  }
  inplace_vector<entry, 2 * max_cuts> rules_;
};

/// The cuts of a layout over a matrix that splits its axes: each dim a stack, the coarsest first.
/// Exact cuts, and those that divide, name one axis each; the others all of theirs. Cuts into one
/// part are left out.
class axis_cuts {
 public:
  constexpr axis_cuts() = default;
  /// devices: outermost first; made of factors of whole_axes(l)
  constexpr axis_cuts(layout const& l, device_matrix const& devices, rule_numbers& rules) {
    add(l, &devices, rules);
  }
  /// Over its own matrix, of a layout that has_whole_axes.
  constexpr axis_cuts(layout const& l, rule_numbers& rules) { add(l, nullptr, rules); }

  /// Number of dims.
  [[nodiscard]] constexpr std::size_t size() const noexcept { return rank_; }
  [[nodiscard]] constexpr std::size_t cuts_of(std::size_t d) const noexcept {
    return static_cast<std::size_t>(first_[d + 1] - first_[d]);
  }
  [[nodiscard]] constexpr axis_cut const& at(std::size_t d, std::size_t i) const noexcept {
    return cuts_[first_[d] + i];
  }
  [[nodiscard]] constexpr axis_cut const& last(std::size_t d) const noexcept {
    return cuts_[first_[d + 1] - 1U];
  }
  /// One bit per axis that cuts.
  [[nodiscard]] constexpr std::uint32_t used() const noexcept {
    std::uint32_t mask = 0;
    for (axis_cut const& c : cuts_) mask |= c.mask;
    return mask;
  }

  constexpr void append_dim() {
    ++rank_;
    first_[rank_] = first_[rank_ - 1];
  }
  /// Cuts the parts of a dim once more.
  constexpr void push(std::size_t d, axis_cut const& c) {
    cuts_.insert(first_[d + 1], c);
    for (std::size_t e = d + 1; e <= rank_; ++e) ++first_[e];
  }
  /// Takes the finest cut of a dim back.
  constexpr void pop(std::size_t d) {
    cuts_.erase(first_[d + 1] - 1U);
    for (std::size_t e = d + 1; e <= rank_; ++e) --first_[e];
  }

  friend constexpr bool operator==(axis_cuts const& a, axis_cuts const& b) {
    if (a.rank_ != b.rank_ || a.cuts_ != b.cuts_) return false;
    for (std::size_t d = 0; d < a.rank_; ++d)
      if (a.first_[d + 1] != b.first_[d + 1]) return false;
    return true;
  }

 private:
  /// devices: nullptr if the digits name whole axes and stay as they are
  constexpr void add(layout const& l, device_matrix const* devices, rule_numbers& rules) {
    bool const same = devices != nullptr && *devices == l.devices();
    index_t const* sizes = l.map().sizes().begin();
    cut const* c = l.map().cuts().begin();
    for (std::size_t d = 0; d < l.map().size(); ++d) {
      append_dim();
      index_t size = l.shape()[d];  // of the range that is cut; -1 when parts differ
      for (cut const* const end = c + l.map().cuts_of(d); c != end; sizes += c++->sizes()) {
        bool const stays = devices == nullptr || (same && is_whole(*devices, c->by()));
        axis_list const axes = stays ? c->by().axes() : axes_over(l, c->by(), *devices);
        bool const divides = size >= 0 && size % c->parts() == 0;
        if (c->kind() == cut_kind::contiguous && (divides || c->tail() == tail_rule::exact)) {
          append_each(axes);
          size = divides ? size / c->parts() : -1;
        } else if (!axes.empty()) {
          append({axes, axes.mask(), rules.number(*c, sizes)});
          size = -1;
        }
      }
    }
  }
  /// An exact cut by every axis.
  constexpr void append_each(axis_list const& axes) {
    if (axes.size() == 1) return append({axes, 1U << static_cast<int>(axes[0]), 0});
    for (device_axis const axis : axes) append({{axis}, 1U << static_cast<int>(axis), 0});
  }
  constexpr void append(axis_cut const& c) {
    cuts_.push_back(c);
    ++first_[rank_];
  }
  /// The digit names one axis, longer than 1, and all of it.
  static constexpr bool is_whole(device_matrix const& devices, digit const& by) {
    return by.axes().size() == 1 && by.divide() == 1 && by.modulo() > 1 &&
           by.modulo() == devices.size(by.axes()[0]);
  }
  /// The axes of the finer matrix that a digit is made of.
  static constexpr axis_list axes_over(layout const& l, digit const& by,
                                       device_matrix const& devices) {
    device_matrix const& of = l.devices();
    axis_list axes;
    index_t number = 1;
    for (std::size_t k = by.axes().size(); k-- > 0;) {
      index_t const first = of.stride(by.axes()[k]);
      index_t const end = first * of.size(by.axes()[k]);
      index_t stride = 1;
      for (std::size_t a = 0; a < devices.axes() && stride < end; ++a) {
        index_t const size = devices.size(static_cast<device_axis>(a));
        if (size != 1 && stride >= first) {
          if (number >= by.divide() && number < by.divide() * by.modulo())
            axes.push_front(static_cast<device_axis>(a));
          number *= size;
        }
        stride *= size;
      }
    }
    return axes;
  }

  inplace_vector<axis_cut, max_cuts> cuts_;
  std::uint8_t first_[max_rank + 1]{};
  std::uint8_t rank_ = 0;
};

/// The map of a layout over a matrix that splits its axes, as axis_cuts says.
[[nodiscard]] constexpr tensor_map map_over(layout const& l, device_matrix const& devices) {
  rule_numbers rules;
  axis_cuts const cuts{l, devices, rules};
  tensor_map map;
  for (std::size_t d = 0; d < cuts.size(); ++d) {
    map.append(devices, {});
    for (std::size_t i = 0; i < cuts.cuts_of(d); ++i) {
      axis_cut const& c = cuts.at(d, i);
      map.add_cut(d, digit{devices, c.axes}, rules.rule(c.rule));
    }
  }
  return map;
}

}  // namespace v1
}  // namespace reshard
