#include <reshard/tensor/strided_copy.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

namespace strided_copy_test {

using namespace reshard;

namespace {

/// A storage of a box in which every element is its index in a 16 x 16 x 16 grid.
std::vector<std::int32_t> numbered(box const& where) {
  std::vector<std::int32_t> out;
  for (index_t i = where[0].offset; i < where[0].end(); ++i)
    for (index_t j = where[1].offset; j < where[1].end(); ++j)
      for (index_t k = where[2].offset; k < where[2].end(); ++k)
        out.push_back(static_cast<std::int32_t>(i * 256 + j * 16 + k));
  return out;
}

box random_box(std::mt19937& random, box const& within) {
  box out;
  for (std::size_t d = 0; d < within.rank(); ++d) {
    auto const extent = static_cast<index_t>(random()) % within.extent()[d] + 1;
    bool const whole = random() % 2 == 0;
    auto const slack = within.extent()[d] - extent;
    out.push_back(whole ? within[d]
                        : interval{within[d].offset +
                                       (slack ? static_cast<index_t>(random()) % (slack + 1) : 0),
                                   extent});
  }
  return out;
}
}  // namespace

TEST_CASE("a box is copied between any two storages that hold it", "[strided_copy]") {
  std::mt19937 random{20261124};
  box const all{{0, 0, 0}, {7, 5, 6}};
  for (int i = 0; i < 3000; ++i) {
    box const from = random_box(random, all);
    box const what = random_box(random, from);
    std::vector<std::int32_t> const source = numbered(from);
    std::vector<std::int32_t> target(static_cast<std::size_t>(all.elements()), -1);
    copy_box(reinterpret_cast<std::byte*>(target.data()), all,
             reinterpret_cast<std::byte const*>(source.data()), from, what, 4);
    std::vector<std::int32_t> packed(static_cast<std::size_t>(what.elements()), -1);
    copy_box(reinterpret_cast<std::byte*>(packed.data()), what,
             reinterpret_cast<std::byte const*>(target.data()), all, what, 4);
    REQUIRE(packed == numbered(what));
    index_t untouched = 0;
    for (std::int32_t const value : target) untouched += value == -1 ? 1 : 0;
    REQUIRE(untouched == all.elements() - what.elements());
  }
}

TEST_CASE("runs make up the box and each is contiguous", "[strided_copy]") {
  std::mt19937 random{20261125};
  box const all{{0, 0, 0}, {7, 5, 6}};
  for (int i = 0; i < 3000; ++i) {
    box const where = random_box(random, all);
    box const what = random_box(random, where);
    std::vector<std::int32_t> const stored = numbered(where);
    std::vector<std::int32_t> found;
    for_each_run(piece{where}, what, [&](box const& run) {
      auto const first = static_cast<std::size_t>(piece{where}.address(run.offset()));
      found.insert(found.end(), stored.begin() + static_cast<std::ptrdiff_t>(first),
                   stored.begin() + static_cast<std::ptrdiff_t>(first) + run.elements());
    });
    REQUIRE(found == numbered(what));
  }
}

namespace {

/// A copy, the storages that it needs, and what it must do, byte by byte.
struct strided_case {
  copy_dims dims;
  std::size_t item_bytes = 0;
  std::size_t to_bytes = 0;
  std::size_t from_bytes = 0;

  /// Strides of both sides in orders of their own, with gaps.
  strided_case(std::mt19937& random, std::vector<index_t> const& extents, std::size_t item)
      : item_bytes(item) {
    for (index_t const extent : extents) dims.push_back({extent, 0, 0});
    to_bytes = stride(random, &copy_dim::to_stride);
    from_bytes = stride(random, &copy_dim::from_stride);
  }

  /// Both sides packed, in opposite orders.
  strided_case(index_t rows, index_t columns, std::size_t item) : item_bytes(item) {
    auto const size = static_cast<index_t>(item);
    dims = {{rows, size, size * columns}, {columns, size * rows, size}};
    to_bytes = from_bytes = static_cast<std::size_t>(rows * columns) * item;
  }

  /// At offsets of their own, so that nothing is aligned by chance.
  void check(std::mt19937& random) const { check(random, random() % 64); }
  void check(std::mt19937& random, std::size_t at) const {
    std::vector<std::uint8_t> from(from_bytes + 64);
    for (std::uint8_t& byte : from) byte = static_cast<std::uint8_t>(random());
    std::vector<std::uint8_t> to(to_bytes + 64, 0xEE);
    std::vector<std::uint8_t> expected = to;
    naive(expected.data() + at, from.data() + 63 - at, 0);
    copy_strided(reinterpret_cast<std::byte*>(to.data()) + at,
                 reinterpret_cast<std::byte const*>(from.data()) + 63 - at, dims, item_bytes);
    REQUIRE((to == expected));  // unprinted: it may be large
  }

 private:
  std::size_t stride(std::mt19937& random, index_t copy_dim::*side) {
    std::vector<std::size_t> order(dims.size());
    for (std::size_t d = 0; d < order.size(); ++d) order[d] = d;
    std::shuffle(order.begin(), order.end(), random);
    auto next = static_cast<index_t>(item_bytes);
    for (std::size_t const d : order) {
      if (random() % 4 == 0) next += static_cast<index_t>(random() % 40);
      dims[d].*side = next;
      next *= dims[d].extent;
    }
    return static_cast<std::size_t>(next) + item_bytes;
  }
  void naive(std::uint8_t* to, std::uint8_t const* from, std::size_t d) const {
    if (d == dims.size()) {
      for (std::size_t i = 0; i < item_bytes; ++i) to[i] = from[i];
      return;
    }
    for (index_t i = 0; i < dims[d].extent; ++i)
      naive(to + i * dims[d].to_stride, from + i * dims[d].from_stride, d + 1);
  }
};
}  // namespace

TEST_CASE("items are copied between any strides, and nothing else is touched", "[strided_copy]") {
  std::mt19937 random{20261126};
  std::size_t const items[] = {1, 2, 3, 4, 8, 12, 16, 24, 100};
  for (int i = 0; i < 3000; ++i) {
    std::vector<index_t> extents(random() % 5);
    index_t left = 4000;
    for (index_t& extent : extents) {
      extent = std::min<index_t>(left, random() % 8 == 0 ? 1 : 1 + random() % 70);
      left = std::max<index_t>(1, left / extent);
    }
    INFO("seed 20261126, case " << i);
    strided_case{random, extents, items[random() % 9]}.check(random);
  }
}

TEST_CASE("copies larger than the caches too", "[strided_copy]") {
  std::mt19937 random{7};
  for (std::size_t const item : {std::size_t{8}, std::size_t{64}})
    strided_case{random, {1024, static_cast<index_t>(34'000'000 / 1024 / item)}, item}.check(
        random);
}

TEST_CASE("a large transpose is right wherever in a line it begins", "[strided_copy]") {
  std::mt19937 random{8};
  std::size_t const places[] = {8, 52};
  for (std::size_t const at : places) strided_case{2048, 2055, 8}.check(random, at);
}

TEST_CASE("large transposes of whole lines and of long runs", "[strided_copy]") {
  std::mt19937 random{9};
  std::size_t const line_ends[] = {0, 48};  // a large vector begins 16 bytes into a line
  for (std::size_t const at : line_ends) strided_case{1024, 515, 64}.check(random, at);
  strided_case{128, 259, 1040}.check(random, 5);
}

TEST_CASE("an item may be repeated, none may be copied", "[strided_copy]") {
  std::uint16_t const one = 0xABCD;
  std::vector<std::uint16_t> to(7, 0);
  auto* const at = reinterpret_cast<std::byte*>(to.data());
  copy_strided(at, reinterpret_cast<std::byte const*>(&one), {{7, 2, 0}}, 2);
  CHECK(to == std::vector<std::uint16_t>(7, 0xABCD));
  copy_strided(at, nullptr, {{7, 2, 2}, {0, 2, 2}}, 2);
  CHECK(to == std::vector<std::uint16_t>(7, 0xABCD));
}

}  // namespace strided_copy_test
