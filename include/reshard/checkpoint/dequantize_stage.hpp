#pragma once

#include <reshard/algebra/box_view.hpp>
#include <reshard/checkpoint/cast_stage.hpp>
#include <reshard/tensor/float8.hpp>

#include <array>

namespace reshard {
inline namespace v1 {

/// A matrix of 8 bits with one scale per block.
///   scale: of shape (ceil(rows / block rows), ceil(columns / block columns))
struct quantized_tensor {
  extents shape;
  extents scale_shape;
};

namespace detail {
/// Where an element of the target is read from: per sub-dim of the target, what one step is in the
/// target's dims and in the source's rows and columns.
class term_walk {
 public:
  term_walk(box_view const& view, box const& part) : part_(part), from_(view.from_part(part)) {
    grid_box const& source = view.from();
    for (std::size_t d = 0, s = 0; d < 2; ++d) {
      first_[d] = source.region()[d].offset;
      for (std::size_t i = 0; i < source.over().sub_dims(d); ++i, ++s) {
        index_t const step = source.product_of(d, i + 1);
        first_[d] += from_.offset()[s] * step;
        if (view.along()[s] != box_view::fixed) step_[view.along()[s]][d] = step;
      }
    }
    grid_box const& target = view.to();
    for (std::size_t d = 0, s = 0; d < target.over().dims(); ++d) {
      at_.push_back(target.region()[d].offset);
      for (std::size_t i = 0; i < target.over().sub_dims(d); ++i, ++s) {
        dim_[s] = d;
        move_[s] = target.product_of(d, i + 1);
        at_[d] += part.offset()[s] * move_[s];
      }
    }
  }

  /// Calls sink(target index, row, column, step of row, step of column, elements) for runs along
  /// the last sub-dim of the target.
  template <class Sink> void run(Sink const& sink) { run(0, first_[0], first_[1], sink); }

 private:
  template <class Sink> void run(std::size_t s, index_t row, index_t column, Sink const& sink) {
    if (s + 1 == part_.rank())
      return sink(static_cast<grid_index const&>(at_), row, column, step_[s][0], step_[s][1],
                  part_.extent()[s]);
    index_t const begin = at_[dim_[s]];
    for (index_t i = 0; i < part_.extent()[s]; ++i) {
      run(s + 1, row + i * step_[s][0], column + i * step_[s][1], sink);
      at_[dim_[s]] += move_[s];
    }
    at_[dim_[s]] = begin;
  }

  box const& part_;
  box from_;
  index_t first_[2] = {};
  index_t step_[max_grid][2] = {};
  std::size_t dim_[max_grid] = {};
  index_t move_[max_grid] = {};
  grid_index at_;
};
}  // namespace detail

/// Numbers of 8 bits times the scale of their block, in float32, rounded to bfloat16. The elements
/// may have been rearranged: their blocks are those of the stored tensors.
///   stored, terms: as in the planned_source that is the stage's input; tensors are matrices
///   operands:      the scales of all stored tensors, one after the other, as one vector: a tensor
///                  may be made of hundreds
///   source:        kernel of the published fp8 weights; "scale_inv" is multiplied with (A10.1)
class dequantize_stage {
 public:
  static constexpr dtype result = dtype::bfloat16;

  dequantize_stage(dtype type, dtype scale_type, std::vector<quantized_tensor> stored,
                   std::vector<view_term> terms, std::array<index_t, 2> block)
      : scale_type_(scale_type),
        values_(type == dtype::int8 ? nullptr : values_of_float8(type).data()),
        stored_(std::move(stored)),
        terms_(std::move(terms)),
        block_(block) {
    for (quantized_tensor const& t : stored_) {
      first_scale_.push_back(scales_);
      scales_ += t.scale_shape.elements();
    }
    if (terms_.empty())
      terms_.push_back({0, {grid_box{stored_.front().shape}, grid_box{stored_.front().shape}}});
  }

  [[nodiscard]] stage_items items() const { return {1, item_bytes(result)}; }
  [[nodiscard]] grid_index grain(extents const& shape) const { return grid_index(shape.rank(), 1); }
  [[nodiscard]] inplace_vector<tensor_dim, max_rank> whole_dims(extents const&) const { return {}; }
  [[nodiscard]] std::vector<box> operands(extents const&, box const&) const {
    return {box{extents{scales_}}};
  }
  [[nodiscard]] std::size_t scratch_bytes(box const&) const { return 0; }

  void apply(stage_call const& call) const {
    for (view_term const& term : terms_)
      for_each_factored_box(term.view.to(), call.in.where, [&](box const& part) {
        detail::term_walk{term.view, part}.run([&](grid_index const& at, index_t row,
                                                   index_t column, index_t row_step,
                                                   index_t column_step, index_t n) {
          std::byte const* from = call.in.at(at, 1);
          std::byte* to = call.out.at(at, item_bytes(result));
          while (n > 0) {  // as long as the scale is the same
            index_t const some =
                std::min({n, static_cast<index_t>(chunk), in_block(row, row_step, block_[0]),
                          in_block(column, column_step, block_[1])});
            scale_run(from, static_cast<std::size_t>(some),
                      scale_at(call, term.stored, row, column), to);
            from += some;
            to += some * static_cast<index_t>(item_bytes(result));
            row += some * row_step;
            column += some * column_step;
            n -= some;
          }
        });
      });
  }

 private:
  static constexpr std::size_t chunk = 256;

  /// How many steps from an index on stay in its block.
  static index_t in_block(index_t index, index_t step, index_t block) {
    return step == 0 ? max_index : (block - index % block + step - 1) / step;
  }
  [[nodiscard]] float scale_at(stage_call const& call, std::size_t stored, index_t row,
                               index_t column) const {
    index_t const number = first_scale_[stored] + row / block_[0] * stored_[stored].scale_shape[1] +
                           column / block_[1];
    std::byte const* from = call.operands[0].at(grid_index{number}, item_bytes(scale_type_));
    if (scale_type_ == dtype::float8_e8m0)
      return values_of_float8(scale_type_)[std::to_integer<std::size_t>(*from)];
    float scale = 0;
    read_numbers(scale_type_, from, 1, &scale);
    return scale;
  }
  void scale_run(std::byte const* from, std::size_t n, float scale, std::byte* to) const {
    float numbers[chunk];
    for (std::size_t i = 0; i < n; ++i)
      numbers[i] =
          scale * (values_ != nullptr ? values_[std::to_integer<std::size_t>(from[i])]
                                      : static_cast<float>(std::to_integer<std::int8_t>(from[i])));
    write_numbers(result, numbers, n, to);
  }

  dtype scale_type_;
  float const* values_;  // null: the codes are integers
  std::vector<quantized_tensor> stored_;
  std::vector<view_term> terms_;
  std::array<index_t, 2> block_;
  std::vector<index_t> first_scale_;  // of every stored tensor
  index_t scales_ = 0;
};

}  // namespace v1
}  // namespace reshard
