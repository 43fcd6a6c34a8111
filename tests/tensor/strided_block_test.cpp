#include <reshard/tensor/strided_block.hpp>

#include <catch2/catch.hpp>

#include <cstdint>
#include <vector>

namespace strided_block_test {

using namespace reshard;

TEST_CASE("a block of one storage is copied to a block of another", "[strided_block]") {
  std::vector<std::int16_t> source(3 * 4 * 5);
  for (std::size_t i = 0; i < source.size(); ++i) source[i] = static_cast<std::int16_t>(i);
  std::vector<std::int16_t> target(2 * 6 * 3, -1);
  grid_index const extent{2, 3, 2};
  auto const from =
      block_at(reinterpret_cast<std::byte const*>(source.data()), {3, 4, 5}, {1, 1, 2}, extent, 2);
  auto const to =
      block_at(reinterpret_cast<std::byte*>(target.data()), {2, 6, 3}, {0, 2, 1}, extent, 2);
  CHECK(from.items() == 12);
  copy_block(to, from);
  std::size_t touched = 0;
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t j = 0; j < 6; ++j)
      for (std::size_t k = 0; k < 3; ++k) {
        bool const inside = j >= 2 && j < 5 && k >= 1;
        std::int16_t const expected =
            inside ? source[(i + 1) * 20 + (j - 1) * 5 + (k + 1)] : std::int16_t{-1};
        CHECK(target[i * 18 + j * 3 + k] == expected);
        touched += inside ? 1 : 0;
      }
  CHECK(touched == 12);
}

TEST_CASE("a scalar is a block of one item, an empty extent one of none", "[strided_block]") {
  std::int32_t const source = 5;
  std::int32_t target = 0;
  auto const* const from = reinterpret_cast<std::byte const*>(&source);
  auto* const to = reinterpret_cast<std::byte*>(&target);
  copy_block(block_at(to, {2}, {0}, {0}, 4), block_at(from, {2}, {0}, {0}, 4));
  CHECK(target == 0);
  copy_block(block_at(to, {}, {}, {}, 4), block_at(from, {}, {}, {}, 4));
  CHECK(target == 5);
}

TEST_CASE("a block of nothing begins where its storage does, if that is anywhere",
          "[strided_block]") {
  CHECK(block_at(static_cast<std::byte*>(nullptr), {0, 8}, {0, 3}, {0, 2}, 4).first == nullptr);
  std::byte one{};
  CHECK(block_at(&one, {1}, {1}, {0}, 1).first == &one);
}

}  // namespace strided_block_test
