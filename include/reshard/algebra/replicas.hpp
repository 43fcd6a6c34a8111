#pragma once

#include <reshard/algebra/dim_cuts.hpp>

namespace reshard {
inline namespace v1 {

/// The part that a device holds.
[[nodiscard]] constexpr part_index part_of(device_matrix const& devices, tensor_map const& map,
                                           index_t device) {
  part_index part;
  for (cut const& c : map.cuts()) part.push_back(c.by().value(devices, device));
  return part;
}

namespace detail {
/// A number in which the holders of one part differ: value k adds to the number of `axes` k *
/// divide.
struct free_digit {
  axis_list axes_;
  index_t divide_ = 0;
  index_t modulo_ = 0;
  index_t weight_ = 0;  // the device number that 1 stands for: orders the digits
};
using free_digits = inplace_vector<free_digit, 2 * max_axes>;

constexpr void add_free_digit(free_digits& list, device_matrix const& devices,
                              axis_list const& axes, index_t divide, index_t modulo) {
  if (modulo <= 1) return;
  free_digit const entry{axes, divide, modulo, device_of(devices, axes, divide)};
  std::size_t at = 0;
  while (at < list.size() && list[at].weight_ > entry.weight_) ++at;
  list.insert(at, entry);
}

/// The digit as one digit per axis, as far as its ends and those of the axes divide one another.
constexpr void split_free_digit(free_digits& list, device_matrix const& devices,
                                axis_list const& axes, index_t divide, index_t modulo) {
  index_t const end = divide * modulo;
  index_t axis_end = 1;
  for (std::size_t i = axes.size(); i-- > 0;) {
    axis_end *= devices.size(axes[i]);
    if (axis_end <= divide || axis_end % divide != 0 || end % axis_end != 0) continue;
    add_free_digit(list, devices, axes, divide, axis_end / divide);
    divide = axis_end;
  }
  add_free_digit(list, devices, axes, divide, end / divide);
}

/// The ends of the digit and those of its axes divide one another, so that the digits of these axes
/// are made of whole digits of single axes.
constexpr bool refines_its_axes(device_matrix const& devices, digit const& d) {
  auto const divide_one_another = [](index_t a, index_t b) { return a % b == 0 || b % a == 0; };
  index_t axis_end = 1;
  for (std::size_t i = d.axes().size(); i-- > 0;) {
    axis_end *= devices.size(d.axes()[i]);
    if (!divide_one_another(axis_end, d.divide())) return false;
    if (!divide_one_another(axis_end, d.divide() * d.modulo())) return false;
  }
  return true;
}

/// Counting with these digits, the first as the slowest, visits devices in ascending order.
constexpr bool count_upwards(device_matrix const& devices, tensor_map const& map,
                             free_digits const& list) {
  bool linear = true;  // a step of a digit is a fixed step in device numbers
  for (cut const& c : map.cuts()) linear = linear && refines_its_axes(devices, c.by());
  if (linear) return true;
  // numbers on axes in their order in the matrix ascend with the devices, if nothing comes between
  for (free_digit const& f : list) {
    if (f.axes_ != list[0].axes_) return false;
    for (std::size_t i = 1; i < f.axes_.size(); ++i)
      if (f.axes_[i - 1] < f.axes_[i]) return false;
  }
  return true;
}

/// Position of the cut over these axes with the smallest divide that is at least `from`; the number
/// of cuts if there is none. No pointer: g++ 12 cannot compare one into a temporary as a constant.
constexpr std::size_t next_cut_over(tensor_map const& map, axis_list const& axes, index_t from) {
  std::size_t best = map.cuts().size();
  for (std::size_t i = 0; i < map.cuts().size(); ++i) {
    cut const& c = map.cuts()[i];
    if (c.by().axes() != axes || c.by().divide() < from || c.parts() == 1) continue;
    if (best == map.cuts().size() || c.by().divide() < map.cuts()[best].by().divide()) best = i;
  }
  return best;
}

/// What the cuts leave open, the digit with the farthest devices first.
constexpr free_digits free_digits_of(device_matrix const& devices, tensor_map const& map) {
  free_digits list;
  for (std::size_t a = 0; a < devices.axes(); ++a) {
    auto const axis = static_cast<device_axis>(a);
    if (!map.uses(axis)) add_free_digit(list, devices, {axis}, 1, devices.size(axis));
  }
  for (std::size_t i = 0; i < map.cuts().size(); ++i) {
    axis_list const& axes = map.cuts()[i].by().axes();
    bool seen = false;
    for (std::size_t j = 0; j < i; ++j) seen = seen || map.cuts()[j].by().axes() == axes;
    if (seen) continue;
    index_t at = 1;  // numbers of these axes below `at` are spoken for
    for (std::size_t next = next_cut_over(map, axes, at); next < map.cuts().size();
         next = next_cut_over(map, axes, at)) {
      digit const& by = map.cuts()[next].by();
      split_free_digit(list, devices, axes, at, by.divide() / at);
      at = by.divide() * by.modulo();
    }
    split_free_digit(list, devices, axes, at, combinations(devices, axes) / at);
  }
  return list;
}
}  // namespace detail

/// The devices that hold one part, in ascending order, in closed form: nothing is stored.
///   cost: operator[] O(axes + cuts); up to O(replicas^2) where a digit and its axes do not divide
///         one another and other axes are free, too: no constructor of the library makes such maps
class replica_group {
 public:
  constexpr replica_group(device_matrix const& devices, tensor_map const& map,
                          part_index const& part)
      : devices_(devices),
        free_(detail::free_digits_of(devices, map)),
        ascending_(detail::count_upwards(devices, map, free_)) {
    for (std::size_t i = 0; i < map.cuts().size(); ++i) {
      digit const& d = map.cuts()[i].by();
      add(d.axes(), d.divide() * part[i]);
    }
    for (detail::free_digit const& f : free_) {
      add(f.axes_, 0);
      size_ *= f.modulo_;
    }
  }

  /// How many devices hold the part, at least one.
  [[nodiscard]] constexpr index_t size() const noexcept { return size_; }
  /// Holder `k`, 0 <= k < size().
  [[nodiscard]] constexpr index_t operator[](index_t k) const {
    if (ascending_) return counted(k);
    for (index_t i = 0;; ++i) {
      index_t below = 0;
      for (index_t j = 0; j < size_; ++j) below += counted(j) < counted(i) ? 1 : 0;
      if (below == k) return counted(i);
    }
  }

 private:
  /// The holder number k in the order of counting.
  [[nodiscard]] constexpr index_t counted(index_t k) const {
    auto numbers = numbers_;
    for (std::size_t i = free_.size(); i-- > 0; k /= free_[i].modulo_)
      numbers[place(free_[i].axes_)] += k % free_[i].modulo_ * free_[i].divide_;
    index_t device = 0;
    for (std::size_t i = 0; i < lists_.size(); ++i)
      device += device_of(devices_, lists_[i], numbers[i]);
    return device;
  }
  /// Position of a list of axes in lists_; lists_.size() if it is not there.
  [[nodiscard]] constexpr std::size_t place(axis_list const& axes) const {
    std::size_t i = 0;
    while (i < lists_.size() && lists_[i] != axes) ++i;
    return i;
  }
  constexpr void add(axis_list const& axes, index_t number) {
    std::size_t const i = place(axes);
    if (i == lists_.size()) {
      lists_.push_back(axes);
      numbers_.push_back(0);
    }
    numbers_[i] += number;
  }

  device_matrix devices_;
  detail::free_digits free_;
  bool ascending_ = true;
  index_t size_ = 1;
  inplace_vector<axis_list, 2 * max_axes> lists_;  // the axes of the digits, each list once,
  inplace_vector<index_t, 2 * max_axes> numbers_;  // and the number that is spelled on them
};

}  // namespace v1
}  // namespace reshard
