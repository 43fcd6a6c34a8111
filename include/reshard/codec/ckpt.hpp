#pragma once

#include <reshard/codec/ckpt_image.hpp>
#include <reshard/codec/ckpt_index.hpp>

namespace reshard {
inline namespace v1 {

/// MindSpore's .ckpt: a chain of protobuf messages Checkpoint, one record each.
///   source: mindspore/ccsrc/utils/checkpoint.proto
inline constexpr file_format ckpt_format{"ckpt", ".ckpt", recognises_ckpt, ckpt_index, ckpt_image};

}  // namespace v1
}  // namespace reshard
