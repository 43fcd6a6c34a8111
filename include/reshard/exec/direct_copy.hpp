#pragma once

#include <reshard/exec/file_move.hpp>
#include <reshard/exec/target_files.hpp>

namespace reshard {
inline namespace v1 {

/// Copies bytes that nothing changes from file to file inside the kernel. One per worker.
class direct_copier {
 public:
  direct_copier(source_files& from, target_files& to) : from_(from), to_(to) {}

  /// Copies what is wanted of a unit, if all of it lies in long runs on both sides and goes to one
  /// file each; else does nothing.
  ///   returns: whether it did
  ///   throws:  codec_error, plan_error piece_has_no_present_holder
  bool copy(file_move const& move, box const& unit) {
    if (!works_ || !move.stages.empty() || !move.from.terms.empty() || move.to.size() != 1)
      return false;
    copies_.clear();
    long_runs_ = true;
    for_each_part(*move.to.front().where, unit, [&](met_part const& met) {
      if (long_runs_) find_part(move, met);
    });
    if (!long_runs_ || copies_.empty()) return false;
    for (one const& run : copies_)
      if (!copy(run)) return works_ = false;
    return true;
  }

 private:
  /// Shorter runs are read and written.
  static constexpr std::uint64_t least_bytes = std::uint64_t{128} << 10;

  struct one {
    file_shard from;
    file_shard to;
    std::uint64_t from_first;  // logical bytes
    std::uint64_t to_first;
    std::uint64_t bytes;
  };

  static std::uint64_t address(extents const& sizes, grid_index const& at) {
    index_t sum = 0;
    for (std::size_t d = 0; d < at.size(); ++d) sum = sum * sizes[d] + at[d];
    return static_cast<std::uint64_t>(sum);
  }

  void find_part(file_move const& move, met_part const& wanted) {
    file_side const& side = move.to.front();
    replica_group const holders = side.where->holders_of(wanted.part);
    std::optional<file_shard> to;
    for (index_t k = 0; k < holders.size() && long_runs_; ++k)
      if (std::optional<file_shard> const shard = side.shard(holders[k])) {
        long_runs_ = !to;  // replicas are written from one buffer
        to = shard;
      }
    if (!to || !long_runs_) return;
    extents const to_sizes = side.where->local_shape(wanted.part);
    for_each_source(move.from.stored.front(), box_target{wanted.overlap},
                    [&](file_side const& from_side, index_t device, met_part const& met) {
                      extents const sizes = from_side.where->local_shape(met.part);
                      add(*from_side.shard(device), sizes, *to, to_sizes, wanted, met,
                          move.from.item_bytes);
                    });
  }
  void add(file_shard const& from, extents const& from_sizes, file_shard const& to,
           extents const& to_sizes, met_part const& wanted, met_part const& met, std::size_t item) {
    std::uint64_t const bytes = static_cast<std::uint64_t>(met.overlap.elements()) * item;
    grid_index at = wanted.local;
    for (std::size_t d = 0; d < at.size(); ++d) at[d] += met.target[d];
    long_runs_ = long_runs_ && bytes >= least_bytes && from.stored_item_bytes == item &&
                 detail::lies_together(box{from_sizes}, met.overlap) &&
                 detail::lies_together(box{to_sizes}, met.overlap);
    if (long_runs_)
      copies_.push_back(
          {from, to, address(from_sizes, met.local) * item, address(to_sizes, at) * item, bytes});
  }

  /// False if the system does not copy between these files: kernels and file systems have many ways
  /// to say so, 0 bytes among them.
  bool copy(one const& run) {
    std::shared_ptr<random_access_file> const from = from_.open(run.from.file);
    std::shared_ptr<open_file> const to = to_.open(run.to.file);
    bool done = true;
    for_each_range(run.from.ranges, run.from_first, run.bytes,
                   [&](std::uint64_t from_offset, std::uint64_t at, std::uint64_t part) {
                     for_each_range(
                         run.to.ranges, run.to_first + at, part,
                         [&](std::uint64_t to_offset, std::uint64_t skip, std::uint64_t bytes) {
                           done =
                               done && copy_range(*from, from_offset + skip, *to, to_offset, bytes);
                         });
                   });
    if (!done) return false;
    from_.count(run.bytes);
    to_.count(run.to.file, run.bytes);
    return true;
  }
  static bool copy_range(random_access_file const& from, std::uint64_t from_offset,
                         open_file const& to, std::uint64_t to_offset, std::uint64_t bytes) {
    auto in = static_cast<off_t>(from_offset);
    auto out = static_cast<off_t>(to_offset);
    while (bytes > 0) {
      ssize_t const n = ::copy_file_range(from.descriptor(), &in, to.descriptor(), &out, bytes, 0);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;  // reading and writing work, or say which of them does not
      bytes -= static_cast<std::uint64_t>(n);
    }
    return true;
  }

  source_files& from_;
  target_files& to_;
  std::vector<one> copies_;
  bool long_runs_ = true;
  bool works_ = true;
};

}  // namespace v1
}  // namespace reshard
