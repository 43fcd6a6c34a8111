#pragma once

// Room codec: where does each tensor lie in a file? A codec never touches tensor bytes. Its index
// turns a file into names, types, shapes and byte ranges; its image turns names, types and shapes
// into a file whose every byte has its place before anything is written. Strategies of MindSpore,
// the index of a folder of weights and the shards of torch's distributed checkpoint are plain
// values. This header names those values only and needs no third party; the readers and writers are
// in codec/ckpt.hpp, codec/kind.hpp, codec/mindspore_strategy.hpp (protobuf, JSON),
// codec/safetensors.hpp, codec/weight_index_json.hpp, codec/dcp_info_json.hpp (JSON) and
// codec/crc.hpp (zlib).

#include <reshard/codec/dcp_info.hpp>
#include <reshard/codec/encrypted.hpp>
#include <reshard/codec/file_index.hpp>
#include <reshard/codec/strategy.hpp>
#include <reshard/codec/weight_index.hpp>
