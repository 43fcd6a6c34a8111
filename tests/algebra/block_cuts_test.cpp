#include <reshard/algebra/block_cuts.hpp>

#include <reshard/testing/all_layouts.hpp>
#include "support/both.hpp"

namespace block_cuts_test {

using namespace reshard;

namespace {

constexpr device_matrix four{4};

constexpr bool cuts_move_to_the_ends_of_blocks() {
  layout const rows{four, plain_map(four, {0, -1}), {1000, 7}};
  layout const aligned = aligned_to_blocks(rows, {128, 128});
  EXPECT(aligned.box_of(index_t{0})[0] == interval{0, 256});
  EXPECT(aligned.box_of(index_t{3})[0] == interval{768, 232});
  EXPECT(aligned_to_blocks(aligned, {128, 128}) == aligned);
  layout const whole{four, plain_map(four, {0, -1}), {1024, 7}};
  EXPECT(aligned_to_blocks(whole, {128, 128}) == whole);
  layout const cyclic{four, plain_map(four, {0}, cut_rule::cyclic(96)), {1000}};
  EXPECT((aligned_to_blocks(cyclic, {128}).map().rule(0) == cut_rule::cyclic(128)));
  layout const stated{four, plain_map(four, {0}, cut_rule::parts({100, 200, 300, 400})), {1000}};
  EXPECT((aligned_to_blocks(stated, {128}).map().rule(0) == cut_rule::parts({128, 128, 384, 360})));
  return true;
}
TEST_BOTH("[block_cuts]", cuts_move_to_the_ends_of_blocks)

TEST_CASE("a cut through a block is refused with its numbers", "[block_cuts]") {
  layout const rows{four, plain_map(four, {0, -1}), {1000, 7}};
  CHECK_THROWS_WITH(require_whole_blocks(rows, {128, 128}),
                    "a device holds indices 0 to 250 of dim 0, which is made of blocks of 128");
  CHECK_NOTHROW(require_whole_blocks(rows, {125, 128}));
  layout const fused{four, plain_map(four, {0}, cut_rule::sections({512, 256})), {768}};
  CHECK_NOTHROW(require_whole_blocks(fused, {64}));
  CHECK_THROWS_WITH(aligned_to_blocks(fused, {128}), Catch::Contains("blocks of 128"));
  CHECK_THROWS_WITH(aligned_to_blocks(fused, {0}), Catch::Contains("blocks of 0"));
  CHECK_THROWS_WITH(require_whole_blocks(fused, {1, 1}), Catch::Contains("2 entries"));
}

/// Two indices of one block are never on different devices: checked index by index.
bool has_whole_blocks(layout const& l, index_t block) {
  testing::oracle const places{l};
  for (std::size_t device = 0; device < places.devices(); ++device)
    for (std::size_t d = 0; d < l.shape().rank(); ++d) {
      testing::list const& held = places.indices[device][d];
      for (index_t const i : held)
        for (index_t j = i / block * block; j < std::min(l.shape()[d], i / block * block + block);
             ++j)
          if (!std::binary_search(held.begin(), held.end(), j)) return false;
    }
  return true;
}

TEST_CASE("all small layouts are aligned, and refused exactly when they cut", "[block_cuts]") {
  index_t moved = 0;
  testing::for_each_layout(8, 2, [&](testing::layout_case const& stated) {
    layout const l = testing::to_layout(stated);
    for (index_t const block : {2, 3}) {
      extents blocks;
      for (std::size_t d = 0; d < l.shape().rank(); ++d) blocks.append(block);
      layout const aligned = aligned_to_blocks(l, blocks);
      if (!has_whole_blocks(aligned, block)) FAIL(testing::to_text(stated));
      bool refused = false;
      try {
        require_whole_blocks(l, blocks);
      } catch (layout_error const&) {
        refused = true;
      }
      if (refused == has_whole_blocks(l, block)) FAIL(testing::to_text(stated));
      if (refused == (aligned == l)) FAIL(testing::to_text(stated));
      moved += refused ? 1 : 0;
    }
  });
  CHECK(moved > 500);
}

}  // namespace

}  // namespace block_cuts_test
