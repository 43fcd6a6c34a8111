#pragma once

#include <cstddef>
#include <cstring>

namespace reshard {
inline namespace v1 {
namespace detail {
template <class T> struct pack_of;
template <> struct pack_of<float> { using type [[gnu::vector_size(16)]] = float; };
template <> struct pack_of<double> { using type [[gnu::vector_size(16)]] = double; };
}  // namespace detail

/// Products of matrices of which an element depends on its row and its column only, to the last
/// bit: the sum over k, ascending from 0, of left[i][k] * right[k][j], every product and every sum
/// rounded to T.
///   law: which rows and columns are computed together makes no difference, since all elements,
///        also those at the edges, take the same instructions. Different builds agree if the
///        compiler leaves products and sums apart (-ffp-contract=off, or a target without fused
///        ones such as plain x86-64). Eigen's blocked product promises neither
template <class T> struct product_block {
  using pack = typename detail::pack_of<T>::type;
  static constexpr std::size_t rows = 4;
  static constexpr std::size_t columns = 2 * sizeof(pack) / sizeof(T);

  /// Numbers of a packed block of so many rows or columns: [k][rows] or [k][columns].
  [[nodiscard]] static constexpr std::size_t packed_rows(std::size_t depth) noexcept {
    return depth * rows;
  }
  [[nodiscard]] static constexpr std::size_t packed_columns(std::size_t depth) noexcept {
    return depth * columns;
  }

  /// One block of the result: out[i * stride + j] for i < rows, j < columns.
  ///   left, right: packed; rows and columns that do not exist are 0
  static void compute(T const* left, T const* right, std::size_t depth, T* out,
                      std::size_t stride) {
    pack s00{}, s01{}, s10{}, s11{}, s20{}, s21{}, s30{}, s31{};
    for (std::size_t k = 0; k < depth; ++k, left += rows, right += columns) {
      pack const first = load(right);
      pack const second = load(right + columns / 2);
      s00 += left[0] * first, s01 += left[0] * second;
      s10 += left[1] * first, s11 += left[1] * second;
      s20 += left[2] * first, s21 += left[2] * second;
      s30 += left[3] * first, s31 += left[3] * second;
    }
    store(s00, s01, out);
    store(s10, s11, out + stride);
    store(s20, s21, out + 2 * stride);
    store(s30, s31, out + 3 * stride);
  }
  /// to[j] += scale * from[j] for j < columns.
  static void add_scaled(T scale, T const* from, T* to) {
    store(load(to) + scale * load(from), load(to + columns / 2) + scale * load(from + columns / 2),
          to);
  }

 private:
  static pack load(T const* from) {
    pack out;
    std::memcpy(&out, from, sizeof out);
    return out;
  }
  static void store(pack first, pack second, T* to) {
    std::memcpy(to, &first, sizeof first);
    std::memcpy(to + columns / 2, &second, sizeof second);
  }
};

}  // namespace v1
}  // namespace reshard
