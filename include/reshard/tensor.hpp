#pragma once

// Room tensor: bytes with a shape. Element types, what a device stores of a tensor (local_tensor),
// numbers of 16 bits, strided copies between row-major storages of boxes, and the storage that the
// codecs and the mover share: random_access_file and byte_range. No mmap: a truncated file is an
// error that names file and byte, not a signal.

#include <reshard/tensor/block_band.hpp>
#include <reshard/tensor/codec_error.hpp>
#include <reshard/tensor/dtype.hpp>
#include <reshard/tensor/file_image.hpp>
#include <reshard/tensor/half.hpp>
#include <reshard/tensor/local_tensor.hpp>
#include <reshard/tensor/product.hpp>
#include <reshard/tensor/storage.hpp>
#include <reshard/tensor/strided_block.hpp>
#include <reshard/tensor/strided_copy.hpp>
