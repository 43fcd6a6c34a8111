#pragma once

#include <reshard/tensor/pack.hpp>

#include <cstring>

namespace reshard {
inline namespace v1 {
/// Products of matrices of which an element depends on its row and its column only, to the last
/// bit: the sum over k, ascending from 0, of left[i][k] * right[k][j], every product and every sum
/// rounded to T.
///   law: which rows and columns are computed together makes no difference, since all elements,
///        also those at the edges, take the same instructions; nor does the width of registers,
///        which is found out at run time. Different builds agree if the compiler leaves products
///        and sums apart (-ffp-contract=off, or a target without fused ones such as plain x86-64).
///        Eigen's blocked product promises neither
template <class T> struct product_block {
  static constexpr std::size_t rows = 4;
  static constexpr std::size_t columns = 64 / sizeof(T);

  /// Numbers of a packed block of so many rows or columns: [k][rows] or [k][columns].
  [[nodiscard]] static constexpr std::size_t packed_rows(std::size_t depth) noexcept {
    return depth * rows;
  }
  [[nodiscard]] static constexpr std::size_t packed_columns(std::size_t depth) noexcept {
    return depth * columns;
  }

  /// Blocks of the result side by side: out[i * stride + j] for i < rows, j < blocks * columns.
  ///   left, right: packed, right block after block; rows and columns that do not exist are 0
  static void compute(T const* left, T const* right, std::size_t depth, std::size_t blocks, T* out,
                      std::size_t stride) {
    detail::run_packed<loop<false>>(call{left, right, depth, blocks, T{}, out, stride});
  }
  /// The same, times scale, added to out.
  static void add(T const* left, T const* right, std::size_t depth, std::size_t blocks, T scale,
                  T* out, std::size_t stride) {
    detail::run_packed<loop<true>>(call{left, right, depth, blocks, scale, out, stride});
  }

 private:
  struct call {
    T const* left;
    T const* right;
    std::size_t depth;
    std::size_t blocks;
    T scale;
    T* out;
    std::size_t stride;
  };

  template <bool Add> struct loop {
    template <std::size_t Bytes> [[gnu::always_inline]] static void run(call c) {
      using pack = typename detail::pack_of<T, Bytes>::type;
      for (std::size_t b = 0; b < c.blocks; ++b)
        for (std::size_t column = 0; column < columns; column += 2 * (Bytes / sizeof(T)))
          two_packs<pack, Add>(c, c.right + b * packed_columns(c.depth) + column,
                               c.out + b * columns + column);
    }
  };

  /// Two packs of columns at a time stay in registers.
  template <class Pack, bool Add>
  [[gnu::always_inline]] static void two_packs(call const& c, T const* right, T* out) {
    constexpr std::size_t lanes = sizeof(Pack) / sizeof(T);
    Pack s00{}, s01{}, s10{}, s11{}, s20{}, s21{}, s30{}, s31{};
    T const* left = c.left;
    for (std::size_t k = 0; k < c.depth; ++k, left += rows, right += columns) {
      Pack first, second;
      std::memcpy(&first, right, sizeof first);
      std::memcpy(&second, right + lanes, sizeof second);
      s00 += left[0] * first, s01 += left[0] * second;
      s10 += left[1] * first, s11 += left[1] * second;
      s20 += left[2] * first, s21 += left[2] * second;
      s30 += left[3] * first, s31 += left[3] * second;
    }
    put<Add>(s00, c.scale, out), put<Add>(s01, c.scale, out + lanes);
    put<Add>(s10, c.scale, out + c.stride), put<Add>(s11, c.scale, out + c.stride + lanes);
    put<Add>(s20, c.scale, out + 2 * c.stride), put<Add>(s21, c.scale, out + 2 * c.stride + lanes);
    put<Add>(s30, c.scale, out + 3 * c.stride), put<Add>(s31, c.scale, out + 3 * c.stride + lanes);
  }
  template <bool Add, class Pack>
  [[gnu::always_inline]] static void put(Pack const& sum, T scale, T* to) {
    Pack x;
    if constexpr (Add) {
      std::memcpy(&x, to, sizeof x);
      x += scale * sum;
    } else {
      x = sum;
    }
    std::memcpy(to, &x, sizeof x);
  }
};

}  // namespace v1
}  // namespace reshard
