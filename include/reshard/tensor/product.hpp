#pragma once

#include <cstddef>
#include <cstring>

namespace reshard {
inline namespace v1 {
namespace detail {
template <class T> struct pack_of;
template <> struct pack_of<float> {
  using narrow [[gnu::vector_size(16)]] = float;
  using wide [[gnu::vector_size(32)]] = float;
};
template <> struct pack_of<double> {
  using narrow [[gnu::vector_size(16)]] = double;
  using wide [[gnu::vector_size(32)]] = double;
};

#if defined(__x86_64__)
inline bool use_wide_packs = __builtin_cpu_supports("avx2");  // not const: tests try both
#endif
}  // namespace detail

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

  /// One block of the result: out[i * stride + j] for i < rows, j < columns.
  ///   left, right: packed; rows and columns that do not exist are 0
  static void compute(T const* left, T const* right, std::size_t depth, T* out,
                      std::size_t stride) {
    run<false>({left, right, depth, T{}, out, stride});
  }
  /// The same, times scale, added to out.
  static void add(T const* left, T const* right, std::size_t depth, T scale, T* out,
                  std::size_t stride) {
    run<true>({left, right, depth, scale, out, stride});
  }

 private:
  struct call {
    T const* left;
    T const* right;
    std::size_t depth;
    T scale;
    T* out;
    std::size_t stride;
  };
  using narrow = typename detail::pack_of<T>::narrow;

#if defined(__x86_64__)
  using wide = typename detail::pack_of<T>::wide;
  template <bool Add> [[gnu::target("avx2")]] static void run_wide(call const& c) {
    block<wide, Add>(c);
    __builtin_ia32_vzeroupper();  // else what follows waits for the upper halves; GCC forgets at
                                  // -O1
  }
  template <bool Add> static void run(call const& c) {
    detail::use_wide_packs ? run_wide<Add>(c) : block<narrow, Add>(c);
  }
#else
  template <bool Add> static void run(call const& c) {
    block<narrow, Add>(c);
  }
#endif

  /// Two packs of columns at a time stay in registers.
  template <class Pack, bool Add> [[gnu::always_inline]] static void block(call const& c) {
    constexpr std::size_t lanes = sizeof(Pack) / sizeof(T);
    for (std::size_t column = 0; column < columns; column += 2 * lanes) {
      Pack s00{}, s01{}, s10{}, s11{}, s20{}, s21{}, s30{}, s31{};
      T const* left = c.left;
      T const* right = c.right + column;
      for (std::size_t k = 0; k < c.depth; ++k, left += rows, right += columns) {
        Pack first, second;
        std::memcpy(&first, right, sizeof first);
        std::memcpy(&second, right + lanes, sizeof second);
        s00 += left[0] * first, s01 += left[0] * second;
        s10 += left[1] * first, s11 += left[1] * second;
        s20 += left[2] * first, s21 += left[2] * second;
        s30 += left[3] * first, s31 += left[3] * second;
      }
      T* const out = c.out + column;
      put<Add>(s00, c.scale, out), put<Add>(s01, c.scale, out + lanes);
      put<Add>(s10, c.scale, out + c.stride), put<Add>(s11, c.scale, out + c.stride + lanes);
      put<Add>(s20, c.scale, out + 2 * c.stride);
      put<Add>(s21, c.scale, out + 2 * c.stride + lanes);
      put<Add>(s30, c.scale, out + 3 * c.stride);
      put<Add>(s31, c.scale, out + 3 * c.stride + lanes);
    }
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
