#pragma once

#include <reshard/algebra/box_view.hpp>
#include <reshard/checkpoint/error.hpp>
#include <reshard/tensor/half.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace reshard {
inline namespace v1 {

/// Along what DoRA takes norms: of each row over its columns, or of each column over its rows where
/// the base is stored [in, out].
enum class lora_norm : std::uint8_t { none, rows, columns };

/// What is added to a tensor: scale * left x right, and what then becomes of the sum's norm.
///   left:  (rows, rank), or (stack, rows, rank) for a stack of matrices; none for a vector, which
///          is scale * right
///   right: (rank, columns...), or (stack, rank, columns...)
///   rows:  those of the tensor that it adds to, and that left has values of; if not all
///   norm:  with one, a third operand has the norm that each row or column of the sum is to have
struct lora_update {
  index_t rank = 0;
  double scale = 1;
  dtype left = dtype::float32;
  dtype right = dtype::float32;
  bool has_left = true;
  lora_norm norm = lora_norm::none;
  dtype magnitude = dtype::float32;
  std::optional<grid_box> rows{};

  [[nodiscard]] bool adds_to(index_t row) const { return !rows || rows->has_index(0, row); }
};

/// The types of a tensor before and after.
struct lora_types {
  dtype base = dtype::float32;
  dtype result = dtype::float32;
};

/// What products and sums are computed in. Where a tensor or an adapter is float64 it is float64.
enum class lora_precision : std::uint8_t { float32, float64 };

/// Where numbers are rounded on the way.
///   once:        the sum only, to the type of the result
///   peft:        as PEFT's safe merge: scale * product to the base's type, then the sum
///   mindformers: product, and scale * product, to the adapter's type, then the sum
enum class lora_rounding : std::uint8_t { once, peft, mindformers };

struct lora_arithmetic {
  lora_precision accumulate = lora_precision::float32;
  lora_rounding rounding = lora_rounding::once;
};

namespace detail {
[[noreturn]] inline void adapter_does_not_fit(std::string const& message) {
  throw checkpoint_error{errc::adapter_does_not_fit, __func__, message};
}
[[noreturn]] inline void adapter_was_merged_before(std::string const& adapter) {
  throw checkpoint_error{
      errc::adapter_was_merged_before, __func__,
      adapter + " is merged into these weights already; --force merges it once more"};
}
[[noreturn]] inline void merge_is_not_finite(std::string const& tensor, std::string const& where) {
  throw checkpoint_error{
      errc::merge_is_not_finite, __func__,
      "tensor '" + tensor + "': element " + where + " is infinite or no number after the merge"};
}
[[noreturn]] inline void norm_is_zero(std::string const& tensor, char const* along, index_t at) {
  throw checkpoint_error{errc::norm_is_zero, __func__,
                         "tensor '" + tensor + "': " + along + " " + std::to_string(at) +
                             " has norm 0, so no factor gives it the adapter's magnitude"};
}
}  // namespace detail

}  // namespace v1
}  // namespace reshard
