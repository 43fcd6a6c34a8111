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
    for (cut const& c : of.map().cuts()) weights_.push_back(weight_of(c.by()));
    detail::free_digits const free = detail::free_digits_of(of.devices(), of.map());
    for (detail::free_digit const& f : free) {
      free_.push_back({weight_of({f.axes_, f.divide_, f.modulo_}), f.modulo_});
      size_ *= f.modulo_;
    }
    steady_ = steady_ && detail::count_upwards(of.devices(), of.map(), free);
  }

  /// How many devices hold a part.
  [[nodiscard]] constexpr index_t size() const noexcept { return size_; }
  /// The lowest holder of a part.
  [[nodiscard]] constexpr index_t first(part_index const& part) const {
    if (!steady_) return searched(part, 0);
    index_t device = 0;
    for (std::size_t i = 0; i < weights_.size(); ++i) device += part[i] * weights_[i];
    return device;
  }
  /// first(part) is the sum of the part's numbers times these, one per cut; nullptr if it is not.
  [[nodiscard]] constexpr index_t const* weights() const noexcept {
    return steady_ ? weights_.begin() : nullptr;
  }
  /// Holder `k`, 0 <= k < size(), ascending.
  [[nodiscard]] constexpr index_t at(part_index const& part, index_t k) const {
    return steady_ ? first(part) + offset(k) : searched(part, k);
  }
  /// Calls sink(device) for every holder of a part, ascending.
  template <class Sink> constexpr void for_each(part_index const& part, Sink&& sink) const {
    for_each(part, first(part), sink);
  }
  /// As above, where the lowest is known.
  template <class Sink>
  constexpr void for_each(part_index const& part, index_t lowest, Sink&& sink) const {
    sink(lowest);
    for (index_t k = 1; k < size_; ++k) sink(steady_ ? lowest + offset(k) : searched(part, k));
  }

  /// A device of this layout holds the part. Devices of others hold nothing.
  [[nodiscard]] constexpr bool holds(index_t device, part_index const& part) const {
    if (device < 0 || device >= devices_) return false;
    if (!steady_) return is_part_on(device, part);
    if (size_ == 1) return first(part) == device;
    for (std::size_t i = 0; i < weights_.size(); ++i)
      if (device / weights_[i] % of_->map().cuts()[i].parts() != part[i]) return false;
    return true;
  }
  /// The k for which at(its part, k) is the device.
  [[nodiscard]] constexpr index_t position(index_t device) const {
    index_t k = 0;
    if (!steady_) return searched_position(device);
    for (free_number const& f : free_) k = k * f.modulo + device / f.weight % f.modulo;
    return k;
  }

 private:
  /// A digit in which the holders of one part differ: it adds value * weight to the device number.
  struct free_number {
    index_t weight = 1;
    index_t modulo = 1;
  };
  constexpr index_t weight_of(digit const& d) {
    index_t const weight = d.modulo() == 1 ? 1 : device_of(of_->devices(), d.axes(), d.divide());
    steady_ = steady_ && is_steady(d, weight);
    return weight;
  }
  /// What is asked where not steady_. Out of line: it would fill the loops that hardly need it.
  [[nodiscard, gnu::noinline]] constexpr index_t searched(part_index const& part, index_t k) const {
    return of_->holders_of(part)[k];
  }
  [[nodiscard, gnu::noinline]] constexpr bool is_part_on(index_t device,
                                                         part_index const& part) const {
    return of_->part_on(device) == part;
  }
  [[nodiscard, gnu::noinline]] constexpr index_t searched_position(index_t device) const {
    replica_group const group = of_->replicas_of(device);
    index_t k = 0;
    while (group[k] != device) ++k;
    return k;
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
  inplace_vector<index_t, max_cuts> weights_;
  inplace_vector<free_number, 2 * max_axes> free_;
};

}  // namespace v1
}  // namespace reshard
