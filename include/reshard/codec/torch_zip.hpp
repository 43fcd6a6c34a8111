#pragma once

#include <reshard/codec/torch_index.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void torch_files_are_only_read() {
  throw codec_error{errc::value_is_not_supported,
                    __func__,
                    {},
                    "files of torch.save are read, not written; write .safetensors or .ckpt"};
}
}  // namespace detail

/// Always an error: this format is only read.
///   throws: codec_error value_is_not_supported
[[noreturn]] inline file_image torch_image(std::span<image_entry const>, image_options const&) {
  detail::torch_files_are_only_read();
}

/// torch.save: pytorch_model*.bin, adapter_model.bin, consolidated.*.pth, *.pt. A zip archive of a
/// pickle that describes the tensors and an entry per storage.
inline constexpr file_format torch_format{"torch", ".bin", recognises_torch, torch_index,
                                          torch_image};

}  // namespace v1
}  // namespace reshard
