#pragma once

// Room codec: where does each tensor lie in a file? A codec never touches tensor bytes. Its index
// turns a file into names, types, shapes and byte ranges; its image turns names, types and shapes
// into a file whose every byte has its place before anything is written. Strategies of MindSpore,
// the index of a folder of weights, the shards of torch's distributed checkpoint and the
// configurations of models and adapters are plain values. This header names those values only and
// needs no third party; the readers and writers are in codec/ckpt.hpp, codec/kind.hpp,
// codec/mindspore_strategy.hpp (protobuf, JSON), codec/safetensors.hpp,
// codec/weight_index_json.hpp, codec/dcp_info_json.hpp, codec/adapter_config.hpp,
// codec/model_config.hpp (JSON), codec/torch_zip.hpp and codec/crc.hpp (zlib).

#include <reshard/codec/adapter.hpp>
#include <reshard/codec/dcp_info.hpp>
#include <reshard/codec/encrypted.hpp>
#include <reshard/codec/file_index.hpp>
#include <reshard/codec/model.hpp>
#include <reshard/codec/strategy.hpp>
#include <reshard/codec/text_file.hpp>
#include <reshard/codec/weight_index.hpp>
