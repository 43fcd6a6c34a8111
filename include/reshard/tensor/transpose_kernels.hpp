#pragma once

#include <reshard/tensor/copy_kernels.hpp>

#include <utility>

namespace reshard {
inline namespace v1 {
namespace detail {

/// 16 bytes as lanes of that size.
template <std::size_t Bytes> struct vector_of;
template <> struct vector_of<1> { using type = std::uint8_t __attribute__((vector_size(16))); };
template <> struct vector_of<2> { using type = std::uint16_t __attribute__((vector_size(16))); };
template <> struct vector_of<4> { using type = std::uint32_t __attribute__((vector_size(16))); };
template <> struct vector_of<8> { using type = std::uint64_t __attribute__((vector_size(16))); };

/// A square of vectors that is turned in registers: log2(lanes) rounds, each of which interleaves
/// row i with row i + lanes / 2. (At -O2 g++ keeps loops, and so the square in memory, unless
/// told.)
template <std::size_t Bytes> struct vector_square {
  static constexpr int lanes = static_cast<int>(16 / Bytes);
  using vector = typename vector_of<Bytes>::type;

  static void turn(std::byte* to, std::byte const* from) noexcept {
    vector rows[lanes];
#pragma GCC unroll 16
    for (int i = 0; i < lanes; ++i) std::memcpy(&rows[i], from + i * line_bytes_, 16);
#pragma GCC unroll 16
    for (int round = 1; round < lanes; round *= 2) {
      vector mixed[lanes];
#pragma GCC unroll 16
      for (int i = 0; i < lanes / 2; ++i) {
        mixed[2 * i] = half(rows[i], rows[i + lanes / 2], std::make_integer_sequence<int, lanes>{},
                            std::integral_constant<int, 0>{});
        mixed[2 * i + 1] =
            half(rows[i], rows[i + lanes / 2], std::make_integer_sequence<int, lanes>{},
                 std::integral_constant<int, lanes / 2>{});
      }
#pragma GCC unroll 16
      for (int i = 0; i < lanes; ++i) rows[i] = mixed[i];
    }
#pragma GCC unroll 16
    for (int i = 0; i < lanes; ++i) std::memcpy(to + i * line_bytes_, &rows[i], 16);
  }

 private:
  static constexpr int line_bytes_ = static_cast<int>(line_bytes);
  /// Lanes first, first + 1, .. of a and b in turns.
  template <int... I, class First>
  static vector half(vector a, vector b, std::integer_sequence<int, I...>, First) noexcept {
    return __builtin_shufflevector(a, b, (First::value + I / 2 + I % 2 * lanes)...);
  }
};
template <> struct vector_square<16> {
  static constexpr int lanes = 1;
  static void turn(std::byte* to, std::byte const* from) noexcept { store16(to, load16(from)); }
};

/// How far ahead in each of its rows a square asks for the source.
inline constexpr std::size_t prefetched_bytes = 4 * line_bytes;

/// A square of items, a line wide. Lines are read whole and written whole, whatever the strides:
/// rows a power of two apart would push one another out of the caches if they were visited twice.
template <std::size_t Bytes> class line_square {
 public:
  static constexpr std::size_t side = line_bytes / Bytes;

  /// along: the dim that is contiguous in the destination; across: the one in the source.
  ///   extents: at most side
  void copy(std::byte* to, std::byte const* from, copy_loop const& along, copy_loop const& across,
            bool streamed) noexcept {
    bool const whole = along.extent == side && across.extent == side;
    for (std::size_t i = 0; i < along.extent; ++i)
      __builtin_prefetch(from + i * along.from + prefetched_bytes);
    for (std::size_t i = 0; i < along.extent; ++i)
      move_line(in_ + i * line_bytes, Bytes, from + i * along.from, across.from, across.extent);
    constexpr std::size_t step = 16 / Bytes;
    for (std::size_t i = 0; i < side; i += step)
      for (std::size_t j = 0; j < side; j += step)
        vector_square<Bytes>::turn(out_ + j * line_bytes + i * Bytes,
                                   in_ + i * line_bytes + j * Bytes);
    for (std::size_t j = 0; j < across.extent; ++j) {
      if (streamed && whole) {
        streamed_run{line_bytes}(to + j * across.to, out_ + j * line_bytes);
      } else {
        move_line(to + j * across.to, along.to, out_ + j * line_bytes, Bytes, along.extent);
      }
    }
  }

 private:
  static void move_line(std::byte* to, std::size_t to_stride, std::byte const* from,
                        std::size_t from_stride, std::size_t items) noexcept {
    if (to_stride == Bytes && from_stride == Bytes) {
      if (items == side) {
        item_run<line_bytes>{}(to, from);
      } else {
        std::memcpy(to, from, items * Bytes);
      }
      return;
    }
    for (std::size_t i = 0; i < items; ++i)
      item_run<Bytes>{}(to + i * to_stride, from + i * from_stride);
  }

  alignas(line_bytes) std::byte in_[side * line_bytes]{};
  alignas(line_bytes) std::byte out_[side * line_bytes]{};
};

/// A block of tiles is low and wide: its rows of the source are read in order, a page of each, and
/// on either side the pages in use stay within the reach of the address translation.
inline constexpr std::size_t tiles_high = 2;
inline constexpr std::size_t tiles_wide = 64;

/// Calls visit(i, j) for the tiles of two ranges, block by block, within a block in the order of
/// `across`.
template <class Visit>
void for_each_tile(std::size_t along, std::size_t along_side, std::size_t across,
                   std::size_t across_side, Visit const& visit) {
  std::size_t const height = along_side * tiles_high;
  std::size_t const width = across_side * tiles_wide;
  for (std::size_t bi = 0; bi < along; bi += height)
    for (std::size_t bj = 0; bj < across; bj += width)
      for (std::size_t i = bi; i < smaller(bi + height, along); i += along_side)
        for (std::size_t j = bj; j < smaller(bj + width, across); j += across_side) visit(i, j);
}

template <std::size_t Bytes>
void copy_squares(std::byte* to, std::byte const* from, copy_loop const& along,
                  copy_loop const& across, bool streamed) noexcept {
  line_square<Bytes> square;
  constexpr std::size_t side = line_square<Bytes>::side;
  for_each_tile(along.extent, side, across.extent, side, [&](std::size_t i, std::size_t j) {
    square.copy(to + i * along.to + j * across.to, from + i * along.from + j * across.from,
                {smaller(side, along.extent - i), along.from, along.to},
                {smaller(side, across.extent - j), across.from, across.to}, streamed);
  });
}

/// A transposing copy of items: `along` is the nearest dim in the destination, `across` in the
/// source. Where stores may go around the caches, squares begin at lines of the destination.
template <std::size_t Bytes>
void copy_transposed(std::byte* to, std::byte const* from, copy_loop const& along,
                     copy_loop const& across, bool streamed) noexcept {
  streamed = streamed && along.to == Bytes && is_aligned(to, Bytes) && across.to % line_bytes == 0;
  std::size_t const head = streamed ? smaller(along.extent, bytes_to_line(to) / Bytes) : 0;
  copy_squares<Bytes>(to, from, {head, along.from, along.to}, across, false);
  copy_squares<Bytes>(to + head * along.to, from + head * along.from,
                      {along.extent - head, along.from, along.to}, across, streamed);
}

/// As above, for runs of any length: each line of the source is used up while it is near.
template <class Run>
void copy_blocks(std::byte* to, std::byte const* from, copy_loop const& along,
                 copy_loop const& across, Run const run) noexcept {
  std::size_t const width = 2 * run.bytes > line_bytes ? 2 : line_bytes / run.bytes;
  std::size_t const height = 64;
  for_each_tile(along.extent, height, across.extent, width, [&](std::size_t i, std::size_t j) {
    copy_rows(to + i * along.to + j * across.to, from + i * along.from + j * across.from,
              {smaller(width, across.extent - j), across.from, across.to},
              {smaller(height, along.extent - i), along.from, along.to}, run);
  });
}

}  // namespace detail
}  // namespace v1
}  // namespace reshard
