#pragma once

#include <reshard/codec/safetensors_image.hpp>
#include <reshard/codec/safetensors_index.hpp>

namespace reshard {
inline namespace v1 {

/// safetensors: a JSON header of names, types, shapes and offsets, then the data without holes.
///   source: https://github.com/huggingface/safetensors
inline constexpr file_format safetensors_format{
    "safetensors", ".safetensors", recognises_safetensors, safetensors_index, safetensors_image};

/// The same for files that break the rules in ways that the reference library accepts.
inline constexpr file_format lenient_safetensors_format{
    "safetensors", ".safetensors", recognises_lenient_safetensors, lenient_safetensors_index,
    safetensors_image};

}  // namespace v1
}  // namespace reshard
