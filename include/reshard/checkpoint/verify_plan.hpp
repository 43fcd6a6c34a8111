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
    buffer in(bytes(what, tensor_.stages.front().stage.items().in));
    index_t const filled = from_.fill(what, {in.data(), what}, reader);
    for (std::size_t i = 0; i < tensor_.stages.size(); ++i) in = applied(i, what, in, reader);
    copy_box(to.data, to.where, in.data(), what, what, tensor_.stages.back().stage.items().out);
    return filled;
  }

  /// Some tiles, spread over the tensor.
  [[nodiscard]] std::vector<box> sample(std::size_t n) const {
    extents const& shape = tensor_.to.shape;
    grid_index tile(shape.rank(), 1);
    for (planned_stage const& stage : tensor_.stages) {
      grid_index const grain = stage.stage.grain(shape);
      for (std::size_t d = 0; d < tile.size(); ++d)
        tile[d] = std::lcm(tile[d], std::max<index_t>(1, grain[d]));
    }
    index_t elements = 1;
    for (index_t const size : tile) elements *= size;
    for (std::size_t d = tile.size(); d-- > 0 && elements < least_elements;) {
      if (tile[d] != 1)
        continue;  // dims whose cuts are free make tiles larger, the last ones first
      tile[d] = std::max<index_t>(1, std::min(shape[d], least_elements / elements));
      elements *= tile[d];
    }
    unit_list const tiles{box{shape}, tile};
    std::vector<box> out;
    auto const count = std::min(static_cast<index_t>(n), tiles.size());
    for (index_t i = 0; i < count; ++i)
      out.push_back(tiles[count == 1 ? 0 : i * (tiles.size() - 1) / (count - 1)]);
    return out;
  }

 private:
  using buffer = std::vector<std::byte>;
  static constexpr index_t least_elements = 4096;

  static std::size_t bytes(box const& what, std::size_t item) {
    return static_cast<std::size_t>(what.elements()) * item;
  }

  viewed_tensor viewed(planned_source const& source, replica_rule replicas) {
    std::vector<tensor_pieces> stored;
    for (stored_reference const& ref : source.stored) {
      bool const first = !ref.tensor.listed && replicas == replica_rule::first;
      if (first) first_.push_back(of_first_holder(*ref.in, ref.tensor));
      stored.emplace_back(*ref.in, first ? first_.back() : ref.tensor);
    }
    return {std::move(stored), source.terms, group_of(source.type).bytes};
  }

  buffer applied(std::size_t i, box const& what, buffer& in, tensor_reader& reader) {
    planned_stage const& use = tensor_.stages[i];
    extents const& shape = tensor_.to.shape;
    std::vector<box> const boxes = use.stage.operands(shape, what);
    std::vector<buffer> held;
    std::vector<stage_tile> operands;
    for (std::size_t k = 0; k < boxes.size(); ++k) {
      held.emplace_back(bytes(boxes[k], item_bytes(use.operands[k].type)));
      operands_[i][k].fill(boxes[k], {held.back().data(), boxes[k]}, reader);
      operands.push_back({held.back().data(), boxes[k], row_major_strides(boxes[k].extent())});
    }
    grid_index const stride = row_major_strides(what.extent());
    buffer out(bytes(what, use.stage.items().out));
    buffer scratch(use.stage.scratch_bytes(what));
    for_each_stage_tile(what, use.stage.grain(shape), [&](box const& tile) {
      stage_tile const from{in.data(), what, stride};
      stage_tile const to{out.data(), what, stride};
      use.stage.apply({shape,
                       {from.at(tile.offset(), use.stage.items().in), tile, stride},
                       operands,
                       scratch,
                       {to.at(tile.offset(), use.stage.items().out), tile, stride}});
    });
    return out;
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
  return detail::find_in_parallel(
      parts.size(), options.workers, [&](std::size_t i, tensor_reader& reader) {
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
      });
}

}  // namespace v1
}  // namespace reshard
