#pragma once

#include <reshard/algebra/error.hpp>
#include <reshard/tensor/strided_block.hpp>

#include <Eigen/Core>

#include <type_traits>

namespace reshard {
inline namespace v1 {

/// A view of Eigen into memory of others, with any strides.
template <class T>
using eigen_view = Eigen::Map<
    std::conditional_t<std::is_const_v<T>,
                       Eigen::Matrix<std::remove_const_t<T>, Eigen::Dynamic, Eigen::Dynamic,
                                     Eigen::RowMajor> const,
                       Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>,
    Eigen::Unaligned, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;

namespace detail {
[[noreturn]] inline void block_is_no_matrix(std::size_t rank) {
  throw layout_error(errc::block_is_no_matrix, __func__, {"a block of rank ", rank});
}
}  // namespace detail

/// A block of at most two dims as a matrix of Eigen, without a copy; of one dim, a row.
///   throws: layout_error block_is_no_matrix, items_have_another_size
template <class T, class Byte>
[[nodiscard]] eigen_view<T> as_eigen(strided_block<Byte> const& block) {
  std::size_t const rank = block.extent.size();
  if (rank > 2) detail::block_is_no_matrix(rank);
  auto* const first = items_of<T>(block);
  auto const item = static_cast<index_t>(sizeof(T));
  auto const last = [&](grid_index const& list, std::size_t back, index_t otherwise) {
    return rank >= back ? list[rank - back] : otherwise;
  };
  return {first, last(block.extent, 2, 1), last(block.extent, 1, 1),
          Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>{last(block.stride, 2, item) / item,
                                                        last(block.stride, 1, item) / item}};
}

/// The block that a matrix, a map or a block of Eigen lies in, rows first, without a copy.
template <class Matrix>
requires requires(Matrix& m) {
  m.data(), m.rowStride(), m.colStride();
}
[[nodiscard]] auto block_of(Matrix& matrix) {
  auto* const first = matrix.data();
  constexpr std::size_t item = sizeof(*first);
  auto const bytes = [](Eigen::Index elements) {
    return static_cast<index_t>(elements) * static_cast<index_t>(item);
  };
  return block_from(first, {matrix.rows(), matrix.cols()},
                    {bytes(matrix.rowStride()), bytes(matrix.colStride())});
}

}  // namespace v1
}  // namespace reshard
