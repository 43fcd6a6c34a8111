#pragma once

// Room checkpoint: whole checkpoints. open_ranks and open_weights make a catalog of tensors by name
// and files by rank; lay_out says which rank of the destination gets which box; a conversion proves
// that every needed piece has a present holder, moves each byte once and publishes the files when
// they are complete, weight_files makes them folders of complete weights; verify compares two
// checkpoints element for element without using any of that.

#include <reshard/checkpoint/catalog.hpp>
#include <reshard/checkpoint/convert.hpp>
#include <reshard/checkpoint/error.hpp>
#include <reshard/checkpoint/holders.hpp>
#include <reshard/checkpoint/keepers.hpp>
#include <reshard/checkpoint/lay_out.hpp>
#include <reshard/checkpoint/names.hpp>
#include <reshard/checkpoint/open.hpp>
#include <reshard/checkpoint/planned_names.hpp>
#include <reshard/checkpoint/rank_folders.hpp>
#include <reshard/checkpoint/read_tensor.hpp>
#include <reshard/checkpoint/removed_redundancy.hpp>
#include <reshard/checkpoint/shard_folder.hpp>
#include <reshard/checkpoint/strategy_layout.hpp>
#include <reshard/checkpoint/verify.hpp>
#include <reshard/checkpoint/weight_files.hpp>
