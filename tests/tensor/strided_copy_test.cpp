#include <reshard/tensor/strided_copy.hpp>

#include <catch2/catch.hpp>

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

}  // namespace strided_copy_test
