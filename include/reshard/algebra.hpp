#pragma once

// Room algebra: where does each element live? Plain constexpr values - extents, device_matrix,
// grid, digit, tensor_map, layout, box, piece - and functions between them, the same at compile
// time and at run time. Nothing is allocated and nothing is searched: a part's box, the part of an
// element and the devices that hold it are closed forms. Devices are numbered row-major, axes count
// from the right, dims from the left. A broken rule throws layout_error from a function that is
// named after the rule. By name only, so that nobody pays for what he does not
// use: algebra/torch_placements.hpp and algebra/named_axes.hpp (layouts as PyTorch and MindSpore
// state them), algebra/reshape.hpp and algebra/rearranged.hpp (the same elements under another
// shape; slices, concatenations, stacks), algebra/flat_interval.hpp (parts of a flattened tensor),
// algebra/block_cuts.hpp (cuts at blocks), algebra/box_view.hpp (boxes under permuted and regrouped
// dims), algebra/strided.hpp (shape:stride layouts).

#include <reshard/algebra/axis_list.hpp>
#include <reshard/algebra/box.hpp>
#include <reshard/algebra/cut.hpp>
#include <reshard/algebra/device_matrix.hpp>
#include <reshard/algebra/digit.hpp>
#include <reshard/algebra/dim_cuts.hpp>
#include <reshard/algebra/error.hpp>
#include <reshard/algebra/extents.hpp>
#include <reshard/algebra/global_shape.hpp>
#include <reshard/algebra/grid.hpp>
#include <reshard/algebra/inplace_vector.hpp>
#include <reshard/algebra/layout.hpp>
#include <reshard/algebra/optimizer_shard.hpp>
#include <reshard/algebra/print.hpp>
#include <reshard/algebra/replicas.hpp>
#include <reshard/algebra/split.hpp>
#include <reshard/algebra/tail_rule.hpp>
#include <reshard/algebra/tensor_map.hpp>
#include <reshard/algebra/text.hpp>
