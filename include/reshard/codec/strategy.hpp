#pragma once

#include <reshard/algebra/text.hpp>

#include <string>
#include <vector>

namespace reshard {
inline namespace v1 {

/// The layout of one parameter as a strategy file states it (spec/mindspore.md 2.2-2.7).
///   device_matrix: outermost axis first
///   tensor_map:    one list per dim, the axes that cut it counted from the right, most significant
///                  first; an uncut dim is the empty list
struct parameter_layout {
  std::string name;   ///< without the stage prefix
  index_t stage = 0;  ///< pipeline stage that owns this layout
  std::vector<index_t> device_matrix;
  std::vector<std::vector<index_t>> tensor_map;
  bool nested_map = false;  ///< written as one TensorMap per dim
  std::vector<index_t> param_split_shape;
  std::vector<index_t> indices_offset;
  index_t field = 0;
  index_t opt_weight_shard_step = 0;
  index_t opt_weight_shard_size = 0;
  std::vector<index_t> tensor_shape;  ///< JSON files only, else empty
  /// Per dim the sizes of what is cut one by one: [q, k, v] of a fused projection. Empty = one.
  /// JSON files only, and MindSpore knows none.
  std::vector<std::vector<index_t>> sections{};

  friend bool operator==(parameter_layout const&, parameter_layout const&) = default;
};

/// The strategy of one operator; conversion uses its stage only.
struct operator_strategy {
  std::string node_name;
  index_t stage = 0;
  std::vector<std::vector<index_t>> inputs;

  friend bool operator==(operator_strategy const&, operator_strategy const&) = default;
};

/// A strategy file in memory. `merged` = parameter names carry "<stage>-" in the file.
struct strategy {
  index_t current_stage = 1;
  bool merged = false;
  std::vector<operator_strategy> operators;
  std::vector<parameter_layout> parameters;
};

}  // namespace v1
}  // namespace reshard
