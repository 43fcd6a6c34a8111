#pragma once

#include <reshard/plan/coverage.hpp>
#include <reshard/tensor/storage.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace reshard {
inline namespace v1 {

/// Where one device keeps its part of a tensor: in which file, and in which ranges of it. The
/// ranges hold the row-major elements of the device's box.
///   stored_item_bytes, stored_item_offset: an element may be stored in a wider item (a bfloat16 in
///   the upper half of a float32)
struct file_shard {
  std::size_t file = 0;
  std::span<byte_range const> ranges;
  std::uint32_t stored_item_bytes = 0;
  std::uint32_t stored_item_offset = 0;
};

/// A tensor laid out over files.
///   shard: of a device of the layout; nothing if the device is not present
struct file_side {
  layout where;
  std::function<std::optional<file_shard>(index_t device)> shard;

  [[nodiscard]] bool present(index_t device) const { return shard(device).has_value(); }
};

/// One tensor to be moved. Several sources are alternatives, each complete or not: the first one
/// that has a part serves it. Every destination is written.
struct file_move {
  std::string name;
  std::size_t item_bytes = 0;
  std::vector<file_side> from;
  std::vector<file_side> to;

  [[nodiscard]] extents const& shape() const { return to.front().where.shape(); }
};

namespace detail {
/// The smallest box that holds both.
inline box enclosing(box const& a, box const& b) {
  if (a.elements() == 0 && a.rank() != 0) return b;
  box out;
  for (std::size_t d = 0; d < a.rank(); ++d) {
    index_t const first = std::min(a[d].offset, b[d].offset);
    out.push_back({first, std::max(a[d].end(), b[d].end()) - first});
  }
  return out;
}

template <class Side> bool has_writer(Side const& side, met_part const& met) {
  replica_group const holders = side.where.holders_of(met.part);
  for (index_t k = 0; k < holders.size(); ++k)
    if (side.present(holders[k])) return true;
  return false;
}
}  // namespace detail

namespace detail {
/// As for_each_source, from one alternative on, for a box that begins at `at` of the target.
template <class Sink>
void for_each_source_from(file_move const& move, std::size_t alternative, box const& target,
                          grid_index const& at, Sink const& sink) {
  file_side const& side = move.from[alternative];
  for_each_part(side.where, target, [&](met_part met) {
    for (std::size_t d = 0; d < at.size(); ++d) met.target[d] += at[d];
    index_t const device =
        serving_holder(side.where, met.part, nobody, [&](index_t d) { return side.present(d); });
    if (device != nobody) return sink(side, device, static_cast<met_part const&>(met));
    if (alternative + 1 < move.from.size())
      return for_each_source_from(move, alternative + 1, met.overlap, met.target, sink);
    replica_group const holders = side.where.holders_of(met.part);
    piece_has_no_present_holder(side.where, holders[0], holders.size());
  });
}
}  // namespace detail

/// The part of `unit` that some present destination wants, as the smallest box around it; nothing
/// if none wants any.
inline std::optional<box> wanted(file_move const& move, box const& unit) {
  std::optional<box> out;
  for (file_side const& side : move.to) {
    for_each_part(side.where, unit, [&](met_part const& met) {
      if (detail::has_writer(side, met))
        out = out ? detail::enclosing(*out, met.overlap) : met.overlap;
    });
  }
  return out;
}

/// Calls sink(side, device, met_part) for the sources of a box: every element exactly once, from
/// the lowest present holder of the first alternative that has it. met_part::target counts from the
/// first element of the box.
///   throws: plan_error piece_has_no_present_holder
template <class Sink>
void for_each_source(file_move const& move, box const& target, Sink const& sink) {
  detail::for_each_source_from(move, 0, target, grid_index(target.rank(), 0), sink);
}

/// How a tensor is cut into units of work: boxes of consecutive elements in row-major order. They
/// do not depend on the number of workers.
class unit_list {
 public:
  unit_list(extents const& shape, std::size_t item_bytes, std::size_t unit_bytes) : whole_(shape) {
    auto const most = static_cast<index_t>(std::max<std::size_t>(1, unit_bytes / item_bytes));
    index_t row = 1;  // elements of one index of dim split_
    for (split_ = shape.rank(); split_ > 1 && row * shape[split_ - 1] <= most; --split_)
      row *= shape[split_ - 1];
    if (split_ > 0) --split_;
    if (whole_.elements() == 0) return;
    rows_ = std::max<index_t>(1, most / row);
    slabs_ = shape.rank() == 0 ? 1 : (shape[split_] + rows_ - 1) / rows_;
    count_ = slabs_;
    for (std::size_t d = 0; d < split_; ++d) count_ *= shape[d];
  }

  [[nodiscard]] index_t size() const noexcept { return count_; }
  [[nodiscard]] box operator[](index_t i) const {
    box unit = whole_;
    if (whole_.rank() == 0) return unit;
    interval const slab{i % slabs_ * rows_, rows_};
    interval const along = intersection(slab, whole_[split_]);
    unit.offset_[split_] = along.offset;
    unit.extent_[split_] = along.size;
    i /= slabs_;
    for (std::size_t d = split_; d-- > 0; i /= whole_.extent()[d]) {
      unit.offset_[d] = i % whole_.extent()[d];
      unit.extent_[d] = 1;
    }
    return unit;
  }

 private:
  box whole_;
  std::size_t split_ = 0;  // dims left of it have one index per unit, dims right of it are whole
  index_t rows_ = 1;
  index_t slabs_ = 0;
  index_t count_ = 0;
};

}  // namespace v1
}  // namespace reshard
