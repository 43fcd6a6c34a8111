#pragma once

#include <reshard/checkpoint/lora_tile.hpp>

#include <string>

namespace reshard {
inline namespace v1 {

/// LoRA as an element stage: the base plus scale * left x right for each update, in their order,
/// rounded once to the result's type. With a magnitude (DoRA) each update then scales the rows or
/// columns of the sum to that norm.
///   operands: of each update left (if any), right, magnitude (if any)
///   law: a value depends on its row of left and its column of right only, so any tile may come
///   throws: checkpoint_error merge_is_not_finite, norm_is_zero, with tensor and element
class lora_stage {
 public:
  /// tensor: the name, for errors
  lora_stage(std::string tensor, lora_types types, bool stacked, std::vector<lora_update> updates,
             lora_arithmetic arithmetic)
      : tensor_(std::move(tensor)),
        types_(types),
        stacked_(stacked),
        updates_(std::move(updates)),
        arithmetic_(arithmetic) {
    for (dtype const type : {types.base, types.result}) require_real(type);
    wide_ = arithmetic.accumulate == lora_precision::float64 || types.base == dtype::float64;
    for (lora_update const& u : updates_) {
      if (u.has_left) require_real(u.left);
      require_real(u.right);
      wide_ = wide_ || u.right == dtype::float64;
    }
  }

  [[nodiscard]] stage_items items() const {
    return {item_bytes(types_.base), item_bytes(types_.result)};
  }
  [[nodiscard]] grid_index grain(extents const& shape) const { return grid_index(shape.rank(), 1); }

  /// Dims behind the columns' first one are whole, so that columns are one run. Norms need whole
  /// rows or columns.
  [[nodiscard]] inplace_vector<tensor_dim, max_rank> whole_dims(extents const& shape) const {
    inplace_vector<tensor_dim, max_rank> out;
    lora_norm norm = lora_norm::none;
    for (lora_update const& u : updates_) norm = u.norm == lora_norm::none ? norm : u.norm;
    std::size_t const row = stacked_ ? 1 : 0;
    for (std::size_t d = 0; d < shape.rank(); ++d)
      if (d > row + 1 || (norm == lora_norm::rows && d > row) ||
          (norm == lora_norm::columns && d == row))
        out.push_back(tensor_dim{static_cast<std::uint8_t>(d)});
    return out;
  }

  [[nodiscard]] std::vector<box> operands(extents const&, box const& tile) const {
    std::size_t const row = stacked_ ? 1 : 0;
    std::vector<box> out;
    for (lora_update const& u : updates_) {
      box left;
      box right;
      if (stacked_) left.push_back(tile[0]), right.push_back(tile[0]);
      right.push_back({0, u.rank});
      if (u.has_left) {
        left.push_back(tile[row]);
        left.push_back({0, u.rank});
        out.push_back(left);
      }
      for (std::size_t d = u.has_left ? row + 1 : row; d < tile.rank(); ++d)
        right.push_back(tile[d]);
      out.push_back(right);
      if (u.norm == lora_norm::rows) out.push_back(one_dim(tile[row]));
      if (u.norm == lora_norm::columns) out.push_back(one_dim(tile[row + 1]));
    }
    return out;
  }

  [[nodiscard]] std::size_t scratch_bytes(box const& tile) const {
    return wide_ ? tile_of<double>(tile).scratch_bytes() : tile_of<float>(tile).scratch_bytes();
  }

  void apply(stage_call const& call) const {
    wide_ ? tile_of<double>(call.in.where).run(call) : tile_of<float>(call.in.where).run(call);
  }

  /// All that the values depend on besides elements and operands.
  [[nodiscard]] std::string identity() const {
    std::string out = "lora to " + std::string{name_of(types_.result)} +
                      (wide_ ? " by float64" : " by float32") + " rounding " +
                      std::to_string(static_cast<int>(arithmetic_.rounding));
    for (lora_update const& u : updates_)
      out += " +" + std::to_string(std::bit_cast<std::uint64_t>(u.scale)) + "*" +
             std::to_string(u.rank) + "." + std::to_string(static_cast<int>(u.norm)) +
             (u.rows ? " of some rows" : "");
    return out;
  }

 private:
  void require_real(dtype type) const {
    if (!is_real(type))
      detail::adapter_does_not_fit("tensor '" + tensor_ + "': " + std::string{name_of(type)} +
                                   " is no type that can be merged");
  }
  static box one_dim(interval along) {
    box out;
    out.push_back(along);
    return out;
  }
  template <class T> [[nodiscard]] detail::lora_tile<T> tile_of(box const& tile) const {
    return {tensor_, types_, stacked_, updates_, arithmetic_.rounding, tile};
  }

  std::string tensor_;
  lora_types types_;
  bool stacked_;
  std::vector<lora_update> updates_;
  lora_arithmetic arithmetic_;
  bool wide_ = false;
};

}  // namespace v1
}  // namespace reshard
