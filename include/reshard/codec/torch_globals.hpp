#pragma once

#include <reshard/codec/pickle.hpp>
#include <reshard/tensor/dtype.hpp>

#include <array>
#include <iterator>

namespace reshard {
inline namespace v1 {
namespace detail {

/// What a global of torch does in a file of tensors.
enum class torch_role : std::uint8_t {
  ordered_dict,
  tensor,          ///< function of (storage, offset, shape, strides, ...)
  tensor_of_type,  ///< the same, (..., requires_grad, hooks, dtype)
  parameter,       ///< function of (tensor, ...)
  subclass,        ///< function of (function, class, its arguments, attributes)
  tensor_class,
  size,     ///< function of (sizes)
  storage,  ///< class of storages of one type
  bytes,    ///< class of storages without type
  dtype
};

struct torch_global {
  std::string_view name;
  torch_role role;
  reshard::dtype type = reshard::dtype::uint8;  ///< of a storage or dtype
};

/// The globals that a pickle of tensors may name. Left out on purpose: quantized, sparse and meta
/// tensors, types that no other format can hold, and all that is not a tensor.
///   source: pytorch, torch/_weights_only_unpickler.py, torch/_tensor.py, torch/storage.py
inline constexpr torch_global torch_globals[] = {
    {"collections.OrderedDict", torch_role::ordered_dict},
    {"torch._utils._rebuild_tensor", torch_role::tensor},
    {"torch._utils._rebuild_tensor_v2", torch_role::tensor},
    {"torch._utils._rebuild_tensor_v3", torch_role::tensor_of_type},
    {"torch._utils._rebuild_parameter", torch_role::parameter},
    {"torch._utils._rebuild_parameter_with_state", torch_role::parameter},
    {"torch._tensor._rebuild_from_type_v2", torch_role::subclass},
    {"torch.Tensor", torch_role::tensor_class},
    {"torch.nn.parameter.Parameter", torch_role::tensor_class},
    {"torch.Size", torch_role::size},
    {"torch.BoolStorage", torch_role::storage, dtype::boolean},
    {"torch.ByteStorage", torch_role::storage, dtype::uint8},
    {"torch.CharStorage", torch_role::storage, dtype::int8},
    {"torch.ShortStorage", torch_role::storage, dtype::int16},
    {"torch.IntStorage", torch_role::storage, dtype::int32},
    {"torch.LongStorage", torch_role::storage, dtype::int64},
    {"torch.HalfStorage", torch_role::storage, dtype::float16},
    {"torch.BFloat16Storage", torch_role::storage, dtype::bfloat16},
    {"torch.FloatStorage", torch_role::storage, dtype::float32},
    {"torch.DoubleStorage", torch_role::storage, dtype::float64},
    {"torch.ComplexFloatStorage", torch_role::storage, dtype::complex64},
    {"torch.ComplexDoubleStorage", torch_role::storage, dtype::complex128},
    {"torch.storage.UntypedStorage", torch_role::bytes},
    {"torch.storage._UntypedStorage", torch_role::bytes},
    {"torch.bool", torch_role::dtype, dtype::boolean},
    {"torch.uint8", torch_role::dtype, dtype::uint8},
    {"torch.int8", torch_role::dtype, dtype::int8},
    {"torch.int16", torch_role::dtype, dtype::int16},
    {"torch.uint16", torch_role::dtype, dtype::uint16},
    {"torch.int32", torch_role::dtype, dtype::int32},
    {"torch.uint32", torch_role::dtype, dtype::uint32},
    {"torch.int64", torch_role::dtype, dtype::int64},
    {"torch.uint64", torch_role::dtype, dtype::uint64},
    {"torch.float16", torch_role::dtype, dtype::float16},
    {"torch.bfloat16", torch_role::dtype, dtype::bfloat16},
    {"torch.float32", torch_role::dtype, dtype::float32},
    {"torch.float64", torch_role::dtype, dtype::float64},
    {"torch.complex64", torch_role::dtype, dtype::complex64},
    {"torch.complex128", torch_role::dtype, dtype::complex128},
    {"torch.float8_e4m3fn", torch_role::dtype, dtype::float8_e4m3fn},
    {"torch.float8_e5m2", torch_role::dtype, dtype::float8_e5m2},
    {"torch.float8_e4m3fnuz", torch_role::dtype, dtype::float8_e4m3fnuz},
    {"torch.float8_e5m2fnuz", torch_role::dtype, dtype::float8_e5m2fnuz},
    {"torch.float8_e8m0fnu", torch_role::dtype, dtype::float8_e8m0},
};

/// The same list for the pickle reader.
inline constexpr auto torch_pickle_globals = [] {
  std::array<pickle_global, std::size(torch_globals)> list{};
  for (std::size_t i = 0; i < list.size(); ++i) {
    list[i].name = torch_globals[i].name;
    if (torch_globals[i].role == torch_role::ordered_dict)
      list[i].what = pickle_global::kind::dict_class;
  }
  return list;
}();

}  // namespace detail
}  // namespace v1
}  // namespace reshard
