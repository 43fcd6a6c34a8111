#pragma once

#include <reshard/exec/memory_run.hpp>

#include <cstdint>

namespace reshard {
inline namespace v1 {

/// A box of a row-major storage, and where in memory its elements are or go.
///   sizes, offset, extent: per dim of the storage; stride: of the memory, in elements
struct stored_box {
  grid_index sizes;
  grid_index offset;
  grid_index extent;
  std::byte* memory = nullptr;
  grid_index stride;
};

/// What it costs to leave bytes out, and to copy once more.
///   file_item: bytes of an element in the file; it may be wider than in memory
///   packed:    bytes that fit between file and memory
///   gaps:      whether bytes between runs may be read along, since that is cheaper
struct run_rules {
  std::size_t file_item = 0;
  std::size_t memory_item = 0;
  std::size_t packed = 0;
  bool gaps = false;
};

/// Elements that go through a packed buffer.
///   first, elements: what to read or write of the storage
///   copy:            from the packed buffer to memory (to_stride) and back, in bytes
struct packed_run {
  std::uint64_t first = 0;
  std::uint64_t elements = 0;
  std::byte* memory = nullptr;
  copy_dims copy;
};

namespace detail {
/// Walks the runs of one stored box.
template <class Direct, class Packed> class file_runs {
 public:
  file_runs(stored_box const& what, run_rules const& rules, Direct& direct, Packed& packed)
      : what_(what), rules_(rules), direct_(direct), packed_(packed) {
    file_stride_ = row_major_strides(what.sizes);
    find_runs();
  }

  void walk() {
    copy_dims outer;
    for (std::size_t d = 0; d < outer_; ++d) outer.push_back(dim(d, 1, 1));
    index_t first = 0;
    for (std::size_t d = 0; d < what_.offset.size(); ++d)
      first += what_.offset[d] * file_stride_[d];
    for_each_position(outer, outer_, [&](index_t memory, index_t file) {
      std::byte* const at = what_.memory + memory * static_cast<index_t>(rules_.memory_item);
      auto const element = static_cast<std::uint64_t>(first + file);
      if (is_direct())
        direct_(element, memory_run{at, chunk_bytes(), chunks_});
      else
        pack(outer_, element, at, inner_);
    });
  }

 private:
  /// Runs shorter than this are copied once more rather than listed one by one.
  static constexpr std::size_t short_run = 512;
  /// Reading so much costs less than another system call.
  static constexpr std::size_t cheap_gap = 2048;

  [[nodiscard]] copy_dim dim(std::size_t d, std::size_t memory_item, std::size_t file_item) const {
    return {what_.extent[d], what_.stride[d] * static_cast<index_t>(memory_item),
            file_stride_[d] * static_cast<index_t>(file_item)};
  }

  void find_runs() {
    std::size_t const rank = what_.extent.size();
    outer_ = rank;
    span_ = 1;
    while (outer_ > 0 && file_stride_[outer_ - 1] == span_) span_ *= what_.extent[--outer_];
    while (rules_.gaps && outer_ > 0 && joins_over_gaps(outer_ - 1)) {
      --outer_;
      gaps_ = gaps_ || what_.extent[outer_] > 1;
      span_ += (what_.extent[outer_] - 1) * file_stride_[outer_];
    }
    std::size_t d = rank;
    for (; d > outer_; --d) {
      if (what_.extent[d - 1] != 1 && what_.stride[d - 1] != chunk_) break;
      chunk_ *= what_.extent[d - 1];
    }
    for (std::size_t i = outer_; i < d; ++i) chunks_.push_back(dim(i, rules_.memory_item, 0));
    for (std::size_t i = outer_; i < rank; ++i)
      inner_.push_back(dim(i, rules_.memory_item, rules_.file_item));
  }
  [[nodiscard]] bool joins_over_gaps(std::size_t d) const {
    auto const bytes = [&](index_t n) { return static_cast<std::size_t>(n) * rules_.file_item; };
    return what_.extent[d] == 1 ||
           (bytes(span_) < short_run && bytes(file_stride_[d]) <= cheap_gap);
  }

  [[nodiscard]] std::size_t chunk_bytes() const noexcept {
    return static_cast<std::size_t>(chunk_) * rules_.memory_item;
  }
  [[nodiscard]] bool is_direct() const noexcept {
    return !gaps_ && rules_.file_item == rules_.memory_item &&
           (chunks_.empty() || chunk_bytes() >= short_run);
  }

  /// The dims of a run, those from `d` on, in slabs that fit the packed buffer.
  void pack(std::size_t d, std::uint64_t first, std::byte* memory, copy_dims run) {
    std::uint64_t span = 1;
    for (copy_dim const& along : run)
      span += static_cast<std::uint64_t>(along.extent - 1) *
              (static_cast<std::uint64_t>(along.from_stride) / rules_.file_item);
    std::size_t const i = d - outer_;
    if (span * rules_.file_item <= rules_.packed || i == run.size())
      return packed_(packed_run{first, span, memory, run});
    copy_dim const along = run[i];
    auto const step = static_cast<std::uint64_t>(along.from_stride);
    auto const fit = static_cast<index_t>(std::max<std::uint64_t>(1, rules_.packed / step));
    for (index_t at = 0; at < along.extent; at += fit) {
      run[i].extent = std::min(fit, along.extent - at);
      pack(d + 1, first + static_cast<std::uint64_t>(at) * (step / rules_.file_item),
           memory + at * along.to_stride, run);
    }
  }

  stored_box const& what_;
  run_rules const& rules_;
  Direct& direct_;
  Packed& packed_;
  grid_index file_stride_;
  std::size_t outer_ = 0;  // dims before it are stepped through
  index_t span_ = 1;       // elements of one run, gaps included
  bool gaps_ = false;
  index_t chunk_ = 1;  // elements that are contiguous in memory as well
  copy_dims chunks_;   // the dims of a run before the chunk
  copy_dims inner_;    // all dims of a run
};
}  // namespace detail

/// Calls direct(first element, memory_run) for the parts of a box that are contiguous in the file
/// and whose chunks in memory are long enough, or packed(packed_run) for what is better copied once
/// more. Every element is in exactly one of them.
///   cost: O(runs), no allocation
template <class Direct, class Packed>
void for_each_file_run(stored_box const& what, run_rules const& rules, Direct direct,
                       Packed packed) {
  for (index_t const extent : what.extent)
    if (extent == 0) return;
  detail::file_runs<Direct, Packed>{what, rules, direct, packed}.walk();
}

}  // namespace v1
}  // namespace reshard
