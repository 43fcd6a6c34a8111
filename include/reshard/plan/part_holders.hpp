#pragma once

#include <reshard/algebra/layout.hpp>

namespace reshard {
inline namespace v1 {

/// Who holds the parts of a layout: prepared once, it finds for any part what layout::holders_of
/// finds. Refers to the layout.
///   law:  at(part, k) == holders_of(part)[k]
///   cost: O(cuts + free digits) where a step of every digit is a fixed step in device numbers, as
///         in all maps that the constructors of the library make; else as replica_group
class part_holders {
 public:
  constexpr explicit part_holders(layout const& of) : of_(&of), devices_(of.devices().devices()) {
    for (cut const& c : of.map().cuts()) cuts_.push_back(scale_of(c.by()));
    detail::free_digits const free = detail::free_digits_of(of.devices(), of.map());
    for (detail::free_digit const& f : free) {
      free_.push_back(scale_of({f.axes_, f.divide_, f.modulo_}));
      size_ *= f.modulo_;
    }
    steady_ = steady_ && detail::count_upwards(of.devices(), of.map(), free);
  }

  /// How many devices hold a part.
  [[nodiscard]] constexpr index_t size() const noexcept { return size_; }
  /// The lowest holder of a part.
  [[nodiscard]] constexpr index_t first(part_index const& part) const {
    if (!steady_) return of_->holders_of(part)[0];
    index_t device = 0;
    for (std::size_t i = 0; i < cuts_.size(); ++i) device += part[i] * cuts_[i].weight;
    return device;
  }
  /// Holder `k`, 0 <= k < size(), ascending.
  [[nodiscard]] constexpr index_t at(part_index const& part, index_t k) const {
    return steady_ ? first(part) + offset(k) : of_->holders_of(part)[k];
  }
  /// Calls sink(device) for every holder of a part, ascending.
  template <class Sink> constexpr void for_each(part_index const& part, Sink&& sink) const {
    index_t const lowest = first(part);
    sink(lowest);
    for (index_t k = 1; k < size_; ++k)
      sink(steady_ ? lowest + offset(k) : of_->holders_of(part)[k]);
  }

  /// A device of this layout holds the part. Devices of others hold nothing.
  [[nodiscard]] constexpr bool holds(index_t device, part_index const& part) const {
    if (device < 0 || device >= devices_) return false;
    if (!steady_) return of_->part_on(device) == part;
    if (size_ == 1) return first(part) == device;
    for (std::size_t i = 0; i < cuts_.size(); ++i)
      if (device / cuts_[i].weight % cuts_[i].modulo != part[i]) return false;
    return true;
  }
  /// The k for which at(its part, k) is the device.
  [[nodiscard]] constexpr index_t position(index_t device) const {
    index_t k = 0;
    if (!steady_) {
      replica_group const group = of_->replicas_of(device);
      while (group[k] != device) ++k;
      return k;
    }
    for (scale const& f : free_) k = k * f.modulo + device / f.weight % f.modulo;
    return k;
  }

 private:
  /// A digit that adds value * weight to the device number.
  struct scale {
    index_t weight = 1;
    index_t modulo = 1;
  };
  constexpr scale scale_of(digit const& d) {
    index_t const weight = d.modulo() == 1 ? 1 : device_of(of_->devices(), d.axes(), d.divide());
    steady_ = steady_ && is_steady(d, weight);
    return {weight, d.modulo()};
  }
  /// Holder `k` less the lowest, where steady_.
  [[nodiscard]] constexpr index_t offset(index_t k) const {
    index_t device = 0;
    for (std::size_t i = free_.size(); i-- > 0; k /= free_[i].modulo)
      device += k % free_[i].modulo * free_[i].weight;
    return device;
  }
  /// Where the digit goes on from one axis to the next, so does the device number.
  [[nodiscard]] constexpr bool is_steady(digit const& d, index_t weight) const {
    index_t below = 1;  // numbers that the axes so far spell
    for (std::size_t i = d.axes().size(); i-- > 0 && below < d.divide() * d.modulo();) {
      if (below <= d.divide()) {
        if (d.divide() % below != 0) return false;
      } else if (below % d.divide() != 0 ||
                 of_->devices().stride(d.axes()[i]) != below / d.divide() * weight) {
        return false;
      }
      below *= of_->devices().size(d.axes()[i]);
    }
    return true;
  }

  layout const* of_;
  index_t devices_;
  bool steady_ = true;  // a step of every digit is a fixed step in device numbers
  index_t size_ = 1;
  inplace_vector<scale, max_cuts> cuts_;
  inplace_vector<scale, 2 * max_axes> free_;
};

}  // namespace v1
}  // namespace reshard
