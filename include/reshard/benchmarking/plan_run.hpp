#pragma once

#include <reshard/plan/transfers.hpp>
#include <reshard/tensor/dtype.hpp>

#include <cstring>
#include <string>
#include <vector>

namespace reshard {
inline namespace v1 {
namespace benchmarking {

/// The bytes that one device stores.
using storage = std::vector<std::byte>;

/// A plan with the storages of all its devices: what a competitor runs on. Each element of the
/// tensor has bytes of its own, so that a misplaced one shows.
///   cost: memory for both sides, O(elements) to fill and to check
class plan_run {
 public:
  plan_run(layout const& from, layout const& to, dtype type)
      : from_(from), to_(to), item_(reshard::item_bytes(type)) {
    for (index_t d = 0; d < from.devices().devices(); ++d) sources_.push_back(expected(from, d));
    for (index_t d = 0; d < to.devices().devices(); ++d) destinations_.emplace_back(bytes(to, d));
    for (index_t d = 0; d < to.devices().devices(); ++d)
      for_each_transfer(from, to, d, [&](transfer const& t) { transfers_.push_back(t); });
  }

  [[nodiscard]] layout const& from() const noexcept { return from_; }
  [[nodiscard]] layout const& to() const noexcept { return to_; }
  [[nodiscard]] std::size_t item_bytes() const noexcept { return item_; }
  /// Made in advance, for competitors that have no planner.
  [[nodiscard]] std::vector<transfer> const& transfers() const noexcept { return transfers_; }

  [[nodiscard]] storage const& source(index_t device) const {
    return sources_[static_cast<std::size_t>(device)];
  }
  [[nodiscard]] storage& destination(index_t device) {
    return destinations_[static_cast<std::size_t>(device)];
  }
  /// Bytes of all destinations together.
  [[nodiscard]] std::size_t destination_bytes() const {
    std::size_t sum = 0;
    for (storage const& local : destinations_) sum += local.size();
    return sum;
  }

  void clear_destinations() {
    for (storage& local : destinations_) std::memset(local.data(), 0xA5, local.size());
  }
  /// Every destination has its elements, by the layout alone.
  [[nodiscard]] bool is_right() const {
    for (std::size_t d = 0; d < destinations_.size(); ++d)
      if (destinations_[d] != expected(to_, static_cast<index_t>(d))) return false;
    return true;
  }

 private:
  [[nodiscard]] std::size_t bytes(layout const& l, index_t device) const {
    return static_cast<std::size_t>(l.local_shape(device).elements()) * item_;
  }
  /// Element number k of the tensor, row-major, as bytes: a mixed k, the low bytes first.
  void put(std::byte* at, index_t k) const {
    auto mixed = static_cast<std::uint64_t>(k) + 1;
    for (std::size_t b = 0; b < item_; ++b) {
      mixed *= 0x9E3779B97F4A7C15U;
      at[b] = static_cast<std::byte>(mixed >> 56);
    }
  }
  /// What a device stores under a layout, element by element.
  [[nodiscard]] storage expected(layout const& l, index_t device) const {
    storage out(bytes(l, device));
    piece const whole{box{l.shape()}};
    l.for_each_piece(device, [&](piece const& held, grid_index const&) {
      for_each_element(held.where(), [&](grid_index const& at) {
        put(out.data() + static_cast<std::size_t>(held.address(at)) * item_, whole.address(at));
      });
    });
    return out;
  }
  template <class Sink> static void for_each_element(box const& where, Sink&& sink) {
    for (grid_index at = where.offset();;) {
      sink(static_cast<grid_index const&>(at));
      std::size_t d = where.rank();
      for (; d > 0; --d) {
        if (++at[d - 1] < where[d - 1].end()) break;
        at[d - 1] = where[d - 1].offset;
      }
      if (d == 0) return;
    }
  }

  layout from_;
  layout to_;
  std::size_t item_;
  std::vector<storage> sources_;
  std::vector<storage> destinations_;
  std::vector<transfer> transfers_;
};

}  // namespace benchmarking
}  // namespace v1
}  // namespace reshard
