#pragma once

#include <reshard/checkpoint/conversion_plan.hpp>
#include <reshard/checkpoint/verify.hpp>
#include <reshard/checkpoint/viewed_tensor.hpp>
#include <reshard/exec/unit_list.hpp>

#include <deque>
#include <numeric>

namespace reshard {
inline namespace v1 {

/// How copies of a tensor that is in no strategy are reconciled.
enum class replica_rule { agree, first };

struct verify_options {
  replica_rule replicas = replica_rule::agree;
  std::size_t workers = 1;
  std::size_t sampled_tiles = 8;  ///< per tensor that stages compute
};

namespace detail {
/// A tensor that no strategy lists, as its lowest present rank has it.
inline catalog_tensor of_first_holder(catalog const& in, catalog_tensor t) {
  for (auto const& [rank, file] : in.files)
    if (file.index->find(t.name) != nullptr && t.placements.front().has(rank)) {
      t.placements = {everywhere(t.shape, 1, rank)};
      break;
    }
  return t;
}

using byte_buffer = std::vector<std::byte>;
inline std::size_t bytes_of(box const& what, std::size_t item) {
  return static_cast<std::size_t>(what.elements()) * item;
}

/// Boxes of the tensors that a stage takes besides its own.
struct held_operands {
  std::vector<byte_buffer> memory;
  std::vector<stage_tile> tiles;
};

/// What a stage makes of a box, which is whole tiles.
inline byte_buffer applied(any_stage const& stage, extents const& shape, box const& what,
                           byte_buffer& in, held_operands const& operands) {
  grid_index const stride = row_major_strides(what.extent());
  byte_buffer out(bytes_of(what, stage.items().out));
  byte_buffer scratch(stage.scratch_bytes(what));
  stage_tile const from{in.data(), what, stride};
  stage_tile const to{out.data(), what, stride};
  for_each_stage_tile(what, stage.grain(shape), [&](box const& tile) {
    stage.apply({shape,
                 {from.at(tile.offset(), stage.items().in), tile, stride},
                 operands.tiles,
                 scratch,
                 {to.at(tile.offset(), stage.items().out), tile, stride}});
  });
  return out;
}

/// Recomputes what a plan says of one tensor, from the sources alone.
class planned_elements {
 public:
  planned_elements(planned_tensor const& tensor, replica_rule replicas)
      : tensor_(tensor), from_(viewed(tensor.from, replicas)) {
    for (planned_stage const& stage : tensor.stages) {
      operands_.emplace_back();
      for (planned_source const& operand : stage.operands)
        operands_.back().push_back(viewed(operand, replicas));
    }
  }

  [[nodiscard]] viewed_tensor& from() noexcept { return from_; }

  /// The elements of a box, which is whole tiles if there are stages.
  index_t fill(box const& what, memory_box const& to, tensor_reader& reader) {
    if (tensor_.stages.empty()) return from_.fill(what, to, reader);
    byte_buffer in(bytes_of(what, tensor_.stages.front().stage.items().in));
    index_t const filled = from_.fill(what, {in.data(), what}, reader);
    for (std::size_t i = 0; i < tensor_.stages.size(); ++i)
      in = applied(tensor_.stages[i].stage, tensor_.to.shape, what, in, operands(i, what, reader));
    copy_box(to.data, to.where, in.data(), what, what, tensor_.stages.back().stage.items().out);
    return filled;
  }

  /// What a stage takes besides the elements of a box.
  held_operands operands(std::size_t i, box const& what, tensor_reader& reader) {
    planned_stage const& use = tensor_.stages[i];
    held_operands out;
    for (box const& wanted : use.stage.operands(tensor_.to.shape, what)) {
      std::size_t const k = out.tiles.size();
      out.memory.emplace_back(bytes_of(wanted, item_bytes(use.operands[k].type)));
      operands_[i][k].fill(wanted, {out.memory.back().data(), wanted}, reader);
      out.tiles.push_back({out.memory.back().data(), wanted, row_major_strides(wanted.extent())});
    }
    return out;
  }

  /// Some tiles, spread over the tensor. Dims whose cuts are free make tiles larger, the last one
  /// to a run that is worth a read, then the others: what is computed of rows and columns, as
  /// products are, needs fewer operands for a wide tile of some rows than for one long row.
  ///   elements: about how many in a tile
  [[nodiscard]] std::vector<box> sample(std::size_t n, index_t elements = 4096) const {
    extents const& shape = tensor_.to.shape;
    grid_index grain(shape.rank(), 1);
    for (planned_stage const& stage : tensor_.stages) {
      grid_index const sizes = stage.stage.grain(shape);
      for (std::size_t d = 0; d < grain.size(); ++d)
        grain[d] = std::lcm(grain[d], std::max<index_t>(1, sizes[d]));
    }
    grid_index tile = grain;
    auto const lengthen = [&](std::size_t d, index_t most) {
      index_t others = 1;
      for (std::size_t e = 0; e < tile.size(); ++e) others *= e == d ? 1 : tile[e];
      if (grain[d] == 1) tile[d] = std::max<index_t>(1, std::min(shape[d], most / others));
    };
    if (std::size_t const dims = tile.size(); dims > 0) {
      lengthen(dims - 1, least_run);
      for (std::size_t d = dims - 1; d-- > 0;) lengthen(d, elements);
      lengthen(dims - 1, elements);
    }
    unit_list const tiles{box{shape}, tile};
    std::vector<box> out;
    auto const count = std::min(static_cast<index_t>(n), tiles.size());
    for (index_t i = 0; i < count; ++i)
      out.push_back(tiles[count == 1 ? 0 : i * (tiles.size() - 1) / (count - 1)]);
    return out;
  }

 private:
  static constexpr index_t least_run = 512;

  viewed_tensor viewed(planned_source const& source, replica_rule replicas) {
    std::vector<tensor_pieces> stored;
    for (stored_reference const& ref : source.stored) {
      bool const first = !ref.tensor.listed && replicas == replica_rule::first;
      if (first) first_.push_back(of_first_holder(*ref.in, ref.tensor));
      stored.emplace_back(*ref.in, first ? first_.back() : ref.tensor);
    }
    return {std::move(stored), source.terms, group_of(source.type).bytes};
  }

  planned_tensor const& tensor_;
  std::deque<catalog_tensor> first_;
  viewed_tensor from_;
  std::vector<std::vector<viewed_tensor>> operands_;
};

/// The written files of one tensor, by placement: which file holds what a device has.
inline std::vector<std::map<std::size_t, catalog>> written_parts(conversion_plan const& plan) {
  std::vector<std::shared_ptr<named_index const>> known;
  std::vector<std::map<std::size_t, catalog>> parts(plan.tensors.size());
  for (planned_file const& file : plan.files) {
    catalog_file const written = indexed(file.path, std::span{&file.format, 1}, known);
    for (planned_entry const& e : file.entries) {
      placement const& p = plan.tensors[e.tensor].to.placements[e.placement];
      parts[e.tensor][e.placement].files.emplace(p.first_rank + e.device, written);
    }
  }
  return parts;
}
}  // namespace detail

/// Compares the files that a plan wrote with its sources: element for element, from the files
/// alone, with nothing of the mover; what stages compute on a sample of tiles.
///   throws: codec_error when a file cannot be read
[[nodiscard]] inline std::vector<finding> verify_plan(conversion_plan const& plan,
                                                      verify_options const& options = {}) {
  auto const parts = detail::written_parts(plan);
  return detail::joined(
      in_parallel(parts.size(), options.workers, [&](std::size_t i, tensor_reader& reader) {
        planned_tensor const& tensor = plan.tensors[i];
        detail::planned_elements elements{tensor, options.replicas};
        detail::tensor_comparison comparison{
            [&](box const& what, memory_box const& to, tensor_reader& r) {
              return elements.fill(what, to, r);
            },
            group_of(tensor.to.type).bytes, reader};
        std::deque<catalog_tensor> pieces;
        std::deque<tensor_pieces> written;
        for (auto const& [p, files] : parts[i]) {
          pieces.push_back(tensor.to);
          pieces.back().placements = {tensor.to.placements[p]};
          written.emplace_back(files, pieces.back());
          comparison.add(written.back(), 0);
        }
        if (!tensor.stages.empty()) return comparison.run(elements.sample(options.sampled_tiles));
        if (elements.from().is_stored()) comparison.add(elements.from().stored().front(), 1);
        return comparison.run();
      }));
}

}  // namespace v1
}  // namespace reshard
