#include <reshard/tensor/block_band.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <vector>

namespace block_band_test {

using namespace reshard;

namespace {

constexpr std::size_t in_cache = 0;
constexpr std::size_t beyond_caches = std::size_t{1} << 40;  // said, not there

/// A matrix that is cut into blocks at these places, copied to one where the columns of blocks are
/// swapped end for end.
struct swapped_blocks {
  std::vector<index_t> rows;     // where blocks begin and end
  std::vector<index_t> columns;  // in items of 4 bytes

  [[nodiscard]] bool is_right(std::size_t all_bytes, std::size_t shift) const {
    index_t const height = rows.back();
    index_t const width = columns.back();
    auto const items = static_cast<std::size_t>(height * width);
    std::vector<std::int32_t> source(items);
    for (std::size_t i = 0; i < items; ++i) source[i] = static_cast<std::int32_t>(i) + 1;
    std::vector<std::int32_t> target(items + shift, 0);
    std::vector<std::int32_t> expected(items + shift, 0);
    auto const at = [](auto* first, auto byte) { return reinterpret_cast<decltype(byte)>(first); };
    block_band band{all_bytes};
    for (std::size_t r = 0; r + 1 < rows.size(); ++r)
      for (std::size_t c = 0; c + 1 < columns.size(); ++c) {
        grid_index const extent{rows[r + 1] - rows[r], columns[c + 1] - columns[c]};
        auto const from = block_at(at(source.data(), static_cast<std::byte const*>(nullptr)),
                                   {height, width}, {rows[r], columns[c]}, extent, 4);
        auto const to = [&](std::vector<std::int32_t>& where) {
          return block_at(at(where.data() + shift, static_cast<std::byte*>(nullptr)),
                          {height, width}, {rows[r], width - columns[c + 1]}, extent, 4);
        };
        band.add(to(target), from);
        copy_block(to(expected), from);
      }
    band.finish();
    return target == expected;
  }
};

/// 0, and sums of as many random steps.
std::vector<index_t> places(std::mt19937& random, std::size_t count, std::vector<index_t> steps) {
  std::vector<index_t> out{0};
  while (out.size() <= count) out.push_back(out.back() + steps[random() % steps.size()]);
  return out;
}

}  // namespace

TEST_CASE("a band copies what its blocks copy one by one", "[block_band]") {
  unsigned const seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random{seed};
  for (int i = 0; i < 60; ++i) {
    swapped_blocks const lines{places(random, 4, {1, 3, 8}), places(random, 9, {16, 64, 256, 320})};
    swapped_blocks const any{places(random, 4, {0, 1, 3}), places(random, 9, {0, 1, 5, 17, 99})};
    for (std::size_t const all_bytes : {in_cache, beyond_caches})
      for (std::size_t const shift : {0U, 4U, 5U})
        CHECK((lines.is_right(all_bytes, shift) && any.is_right(all_bytes, shift)));
  }
}

TEST_CASE("a band takes more blocks than it keeps, and blocks of several loops", "[block_band]") {
  std::mt19937 random{1};
  CHECK(swapped_blocks{{0, 2}, places(random, 700, {16, 20})}.is_right(in_cache, 0));
  std::vector<std::int32_t> const source(4 * 4 * 64, 7);
  std::vector<std::int32_t> target(4 * 4 * 64, 0);
  block_band band{in_cache};
  band.add(
      block_at(reinterpret_cast<std::byte*>(target.data()), {4, 4, 64}, {1, 1, 8}, {2, 2, 32}, 4),
      block_at(reinterpret_cast<std::byte const*>(source.data()), {4, 4, 64}, {0, 0, 0}, {2, 2, 32},
               4));
  band.finish();
  CHECK(std::count(target.begin(), target.end(), 7) == 2 * 2 * 32);
  CHECK(target[static_cast<std::size_t>((2 * 4 + 2) * 64 + 39)] == 7);
}

}  // namespace block_band_test
