#include <reshard/algebra/flat_interval.hpp>

#include "support/both.hpp"

#include <vector>

namespace flat_interval_test {

using namespace reshard;

namespace {

constexpr bool a_flat_shard_is_a_row_end_whole_rows_and_a_row_begin() {
  inplace_vector<piece, 8> found;
  for_each_flat_piece({4, 5}, 100, {103, 14}, [&](piece const& p) { found.push_back(p); });
  EXPECT(found.size() == 3);
  EXPECT((found[0].where() == box{{0, 3}, {1, 2}}));
  EXPECT(found[0].base() == 0);
  EXPECT((found[1].where() == box{{1, 0}, {2, 5}}));
  EXPECT(found[1].base() == 2);
  EXPECT((found[2].where() == box{{3, 0}, {1, 2}}));
  EXPECT(found[2].base() == 12);
  EXPECT(found[2].address({3, 1}) == 13);
  return true;
}
TEST_BOTH("[flat_interval]", a_flat_shard_is_a_row_end_whole_rows_and_a_row_begin)

/// Each element once, where the flat number says; at most 2k - 1 pieces.
bool is_partition(extents const& shape, index_t first, interval held) {
  std::vector<index_t> numbers;
  std::size_t pieces = 0;
  for_each_flat_piece(shape, first, held, [&](piece const& p) {
    ++pieces;
    box const& b = p.where();
    piece const whole{box{shape}};
    grid_index at = b.offset();
    for (index_t i = 0; i < b.elements(); ++i) {
      if (p.address(at) != whole.address(at) + first - held.offset) numbers.push_back(-1);
      numbers.push_back(whole.address(at) + first);
      for (std::size_t d = at.size(); d-- > 0;) {
        if (++at[d] < b[d].end()) break;
        at[d] = b.offset()[d];
      }
    }
  });
  interval const own = intersection({first, shape.elements()}, held);
  std::vector<index_t> expected;
  for (index_t i = 0; i < own.size; ++i) expected.push_back(own.offset + i);
  bool const few = pieces <= (shape.rank() == 0 ? 1 : 2 * shape.rank() - 1);
  return numbers == expected && few;
}

TEST_CASE("every interval of small tensors is its elements in order", "[flat_interval]") {
  for (extents const& shape : {extents{}, extents{6}, extents{3, 4}, extents{2, 3, 4},
                               extents{1, 5, 1}, extents{2, 0, 3}, extents{2, 2, 2, 3}})
    for (index_t begin = 0; begin <= shape.elements() + 6; ++begin)
      for (index_t end = begin; end <= shape.elements() + 6; ++end)
        if (!is_partition(shape, 3, {begin, end - begin}))
          FAIL(shape.elements() << " elements: " << begin << " to " << end);
  SUCCEED();
}

}  // namespace

}  // namespace flat_interval_test
