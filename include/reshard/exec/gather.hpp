#pragma once

#include <reshard/exec/gathered_box.hpp>
#include <reshard/exec/source_files.hpp>
#include <reshard/exec/stored_box.hpp>
#include <reshard/exec/tensor_source.hpp>

namespace reshard {
inline namespace v1 {

/// Where gathered elements go.
///   data:   of the first wanted element
///   stride: elements, per dim of the tensor
struct gather_target {
  std::byte* data = nullptr;
  grid_index stride;
};

/// Reads the elements of boxes from wherever they are stored, each once. One per worker.
///   turned: for elements of rearranged terms in the order of their storage; may be empty without
///           such terms
///   packed: for pieces on their way
class gatherer {
 public:
  gatherer(source_files& files, std::span<std::byte> turned, std::span<std::byte> packed)
      : files_(files), turned_(turned), packed_(packed) {}

  /// Reads a box of a tensor.
  ///   throws: codec_error with file and byte, plan_error piece_has_no_present_holder
  void gather(tensor_source const& from, box const& what, gather_target const& to) {
    if (from.terms.empty()) return read(from.stored.front(), box_target{what}, to, from.item_bytes);
    for (view_term const& term : from.terms) {
      if (term.view.is_plain())
        gather_plain(from, term, what, to);
      else
        gather_turned(from, term, what, to);
    }
  }

 private:
  /// Dims keep their order: straight into the target.
  void gather_plain(tensor_source const& from, view_term const& term, box const& what,
                    gather_target const& to) {
    box_view const& view = term.view;
    box const whole = detail::plain_box(view.to());
    box const common = intersection(whole, what);
    if (common.elements() == 0) return;
    box source = detail::plain_box(view.from());
    gather_target target{to.data, grid_index(source.rank(), 0)};
    for (std::size_t s = 0; s < source.rank(); ++s) {
      if (view.along()[s] == box_view::fixed) continue;
      std::size_t const t = view.along()[s];
      source.offset_[s] += common.offset()[t] - whole.offset()[t];
      source.extent_[s] = common.extent()[t];
      target.stride[s] = to.stride[t];
    }
    for (std::size_t d = 0; d < what.rank(); ++d)
      target.data += bytes((common.offset()[d] - what.offset()[d]) * to.stride[d], from.item_bytes);
    read(from.stored[term.stored], box_target{source}, target, from.item_bytes);
  }

  /// Dims or sub-dims change their order: first in the order of the storage, then turned in memory.
  void gather_turned(tensor_source const& from, view_term const& term, box const& what,
                     gather_target const& to) {
    box_view const& view = term.view;
    for_each_factored_box(view.to(), what, [&](box const& part) {
      gathered_box const source{view.from(), view.from_part(part), from.item_bytes, turned_.size()};
      gather_target const packed{turned_.data(), row_major_strides(source.extent())};
      read(from.stored[term.stored], source, packed, from.item_bytes);
      std::byte* at = to.data;
      copy_dims dims;
      for_each_sub_dim(view.to(), [&](std::size_t t, std::size_t d, std::size_t level) {
        index_t const step = view.to().product_of(d, level + 1) * to.stride[d];
        at += bytes(part.offset()[t] * step, from.item_bytes);
        dims.push_back({part.extent()[t], byte_count(step, from.item_bytes), 0});
      });
      for (std::size_t d = 0; d < what.rank(); ++d)
        at += bytes((view.to().region()[d].offset - what.offset()[d]) * to.stride[d],
                    from.item_bytes);
      for_each_sub_dim(view.from(), [&](std::size_t s, std::size_t d, std::size_t level) {
        if (view.along()[s] == box_view::fixed) return;
        dims[view.along()[s]].from_stride =
            byte_count(source.step(d, level) * packed.stride[d], from.item_bytes);
      });
      copy_strided(at, turned_.data(), dims, from.item_bytes);
    });
  }

  template <class Target>
  void read(stored_tensor const& tensor, Target const& wanted, gather_target const& to,
            std::size_t item_bytes) {
    for_each_source(
        tensor, wanted, [&](file_side const& side, index_t device, met_part const& met) {
          file_shard const shard = *side.shard(device);
          stored_box what{{}, met.local, met.overlap.extent(), to.data, to.stride};
          for (index_t const size : side.where->local_shape(met.part)) what.sizes.push_back(size);
          for (std::size_t d = 0; d < met.target.size(); ++d)
            what.memory += bytes(met.target[d] * to.stride[d], item_bytes);
          run_rules const rules{shard.stored_item_bytes, item_bytes, packed_.size(), true};
          for_each_file_run(
              what, rules,
              [&](std::uint64_t first, memory_run const& run) {
                files_.read(shard, first * item_bytes, run);
              },
              [&](packed_run const& run) { read_packed(shard, run, item_bytes); });
        });
  }
  void read_packed(file_shard const& shard, packed_run const& run, std::size_t item_bytes) {
    std::size_t const stored = shard.stored_item_bytes;
    files_.read(shard, run.first * stored, {packed_.data(), run.elements * stored, {}});
    copy_strided(run.memory, packed_.data() + shard.stored_item_offset, run.copy, item_bytes);
  }

  template <class Sink> static void for_each_sub_dim(grid_box const& of, Sink const& sink) {
    for (std::size_t d = 0, s = 0; d < of.over().dims(); ++d)
      for (std::size_t level = 0; level < of.over().sub_dims(d); ++level, ++s) sink(s, d, level);
  }
  static index_t byte_count(index_t elements, std::size_t item_bytes) {
    return elements * static_cast<index_t>(item_bytes);
  }
  static std::ptrdiff_t bytes(index_t elements, std::size_t item_bytes) {
    return elements * static_cast<std::ptrdiff_t>(item_bytes);
  }

  source_files& files_;
  std::span<std::byte> turned_;
  std::span<std::byte> packed_;
};

}  // namespace v1
}  // namespace reshard
