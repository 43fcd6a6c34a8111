#pragma once

#include <reshard/codec/ckpt.hpp>
#include <reshard/codec/safetensors.hpp>

#include <span>

namespace reshard {
inline namespace v1 {

/// Every file format that holds tensors.
[[nodiscard]] inline std::span<file_format const> all_formats() {
  static constexpr file_format formats[] = {safetensors_format, ckpt_format};
  return formats;
}

/// The same, reading files that break the rules in ways that the reference library accepts.
[[nodiscard]] inline std::span<file_format const> lenient_formats() {
  static constexpr file_format formats[] = {lenient_safetensors_format, ckpt_format};
  return formats;
}

}  // namespace v1
}  // namespace reshard
