#pragma once

#include <reshard/algebra/tensor_map.hpp>

namespace reshard {
inline namespace v1 {

/// One value per cut of a tensor map: which part of the tensor.
using part_index = inplace_vector<index_t, max_cuts>;

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

/// The cut over these axes with the smallest divide that is at least `from`, or null.
constexpr cut const* next_cut_over(tensor_map const& map, axis_list const& axes, index_t from) {
  cut const* best = nullptr;
  for (cut const& c : map.cuts()) {
    if (c.by().axes() != axes || c.by().divide() < from || c.parts() == 1) continue;
    if (best == nullptr || c.by().divide() < best->by().divide()) best = &c;
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
    for (cut const* c = next_cut_over(map, axes, at); c != nullptr;
         c = next_cut_over(map, axes, at)) {
      add_free_digit(list, devices, axes, at, c->by().divide() / at);
      at = c->by().divide() * c->by().modulo();
    }
    add_free_digit(list, devices, axes, at, combinations(devices, axes) / at);
  }
  return list;
}
}  // namespace detail

/// The devices that hold one part, in ascending order, in closed form: nothing is stored.
///   cost: operator[] O(axes + cuts)
class replica_group {
 public:
  constexpr replica_group(device_matrix const& devices, tensor_map const& map,
                          part_index const& part)
      : devices_(devices), free_(detail::free_digits_of(devices, map)) {
    for (std::size_t i = 0; i < map.cuts().size(); ++i) {
      digit const& d = map.cuts()[i].by();
      add(d.axes(), d.divide() * part[i]);
    }
    for (detail::free_digit const& f : free_) size_ *= f.modulo_;
  }

  [[nodiscard]] constexpr index_t size() const noexcept { return size_; }
  [[nodiscard]] constexpr index_t operator[](index_t k) const {
    replica_group one = *this;
    for (std::size_t i = free_.size(); i-- > 0; k /= free_[i].modulo_)
      one.add(free_[i].axes_, k % free_[i].modulo_ * free_[i].divide_);
    index_t device = 0;
    for (std::size_t i = 0; i < one.lists_.size(); ++i)
      device += device_of(devices_, one.lists_[i], one.numbers_[i]);
    return device;
  }

 private:
  constexpr void add(axis_list const& axes, index_t number) {
    for (std::size_t i = 0; i < lists_.size(); ++i) {
      if (lists_[i] != axes) continue;
      numbers_[i] += number;
      return;
    }
    lists_.push_back(axes);
    numbers_.push_back(number);
  }
  device_matrix devices_;
  detail::free_digits free_;
  index_t size_ = 1;
  inplace_vector<axis_list, 2 * max_axes> lists_;  // the axes of the digits, each list once,
  inplace_vector<index_t, 2 * max_axes> numbers_;  // and the number that is spelled on them
};

}  // namespace v1
}  // namespace reshard
