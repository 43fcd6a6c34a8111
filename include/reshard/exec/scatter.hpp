#pragma once

#include <reshard/exec/entry_sums.hpp>
#include <reshard/exec/stored_box.hpp>
#include <reshard/exec/target_files.hpp>

namespace reshard {
inline namespace v1 {

/// Whether the bytes of a unit are still to be written, or were and are only to be summed up.
enum class unit_task { write, sum };

/// Writes boxes to all files that want parts of them. One per worker.
///   sums:   of what is written, or null
///   packed: for pieces on their way
class scatterer {
 public:
  scatterer(target_files& files, entry_sums* sums, std::span<std::byte> packed)
      : files_(files), sums_(sums), packed_(packed) {}

  /// What the next boxes are for.
  void begin(unit_task task) { task_ = task; }

  /// Writes what the present devices of a side want of a box in memory.
  ///   stride: elements of the memory, per dim of the tensor
  ///   throws: codec_error file_cannot_be_written
  void scatter(file_side const& side, box const& what, std::byte* data, grid_index const& stride,
               std::size_t item_bytes) {
    for_each_part(*side.where, what, [&](met_part const& met) {
      find_shards(side, met.part);
      if (shards_.empty()) return;
      stored_box part{{}, met.local, met.overlap.extent(), data, stride};
      for (index_t const size : side.where->local_shape(met.part)) part.sizes.push_back(size);
      for (std::size_t d = 0; d < met.target.size(); ++d)
        part.memory += met.target[d] * stride[d] * static_cast<std::ptrdiff_t>(item_bytes);
      write(part, item_bytes);
    });
  }

 private:
  void find_shards(file_side const& side, part_index const& part) {
    shards_.clear();
    replica_group const holders = side.where->holders_of(part);
    for (index_t k = 0; k < holders.size(); ++k)
      if (std::optional<file_shard> const shard = side.shard(holders[k])) shards_.push_back(*shard);
  }

  void write(stored_box const& part, std::size_t item_bytes) {
    run_rules const rules{item_bytes, item_bytes, packed_.size(), false};
    for_each_file_run(
        part, rules,
        [&](std::uint64_t first, memory_run const& run) { write(first * item_bytes, run); },
        [&](packed_run const& run) {
          copy_dims dims = run.copy;
          for (copy_dim& d : dims) std::swap(d.to_stride, d.from_stride);
          copy_strided(packed_.data(), run.memory, dims, item_bytes);
          write(run.first * item_bytes, {packed_.data(), run.elements * item_bytes, {}});
        });
  }
  void write(std::uint64_t first, memory_run const& run) {
    if (sums_ != nullptr) {
      std::uint32_t const sum = sums_->of(run);
      for (file_shard const& shard : shards_) sums_->add(shard, first, run.bytes(), sum);
    }
    if (task_ == unit_task::sum) return;
    for (file_shard const& shard : shards_) files_.write(shard, first, run);
  }

  target_files& files_;
  entry_sums* sums_;
  std::span<std::byte> packed_;
  unit_task task_ = unit_task::write;
  std::vector<file_shard> shards_;
};

}  // namespace v1
}  // namespace reshard
