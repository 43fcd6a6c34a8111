#include <reshard/plan/piece_table.hpp>

#include <reshard/testing/for_all.hpp>
#include <reshard/testing/oracle.hpp>
#include "support/both.hpp"

#include <random>

namespace piece_table_test {

using namespace reshard;
using testing::list;

namespace {

constexpr bool flat_shards_meet_rows() {
  piece_table const flat = flat_shards({4, 3}, std::initializer_list<index_t>{5, 0, 7});
  piece_table const rows{layout{device_matrix{2}, plain_map({2}, {0, -1}), {4, 3}}};
  index_t transfers = 0;
  index_t elements = 0;
  for_each_transfer(flat, rows, 1, [&](piece_transfer const& t) {
    ++transfers;
    elements += t.source == 2 ? t.elements() : 0;
  });
  EXPECT(transfers == 1);  // rows 2 and 3
  EXPECT(elements == 6);
  for_each_transfer(rows, flat, 2, [&](piece_transfer const& t) {
    ++transfers;
    elements += t.elements();
    EXPECT(t.to.where() == t.from.where());
    return true;
  });
  EXPECT(transfers == 3);
  EXPECT(elements == 13);
  return true;
}
TEST_BOTH("[piece_table]", flat_shards_meet_rows)

std::string rule_of(extents const& shape, std::vector<stated_piece> pieces) {
  try {
    static_cast<void>(piece_table{shape, std::move(pieces)});
  } catch (error const& e) {
    return std::string{e.rule()} + ": " + e.what();
  }
  return "none";
}
stated_piece stored(index_t device, box const& where) {
  return {device, piece{where}};
}

TEST_CASE("a table that is no partition is refused with its numbers", "[piece_table]") {
  box const left{{0, 0}, {4, 2}};
  box const right{{0, 2}, {4, 3}};
  CHECK(rule_of({4, 5}, {stored(0, left), stored(1, right), stored(2, right)}) == "none");
  CHECK(rule_of({4, 5}, {stored(0, left)}) ==
        "pieces_leave_elements_out: the pieces have 8 of 20 elements");
  CHECK(rule_of({4, 5}, {stored(0, left), stored(1, right), stored(1, right)}) ==
        "pieces_overlap: [0:4, 2:5] and [0:4, 2:5]: pieces are copies on different devices, or "
        "have no element in common");
  CHECK(rule_of({4, 5}, {stored(0, left), stored(1, {{3, 1}, {1, 4}})})
            .starts_with("pieces_overlap: [0:4, 0:2] and [3:4, 1:5]"));
  CHECK(rule_of({4, 4}, {stored(0, left), stored(1, right)}).starts_with("box_leaves_its_grid"));
  CHECK(rule_of({4}, {stored(0, left)}).starts_with("map_length_differs_from_rank"));
}

TEST_CASE("a piece is served by the device itself, else by the lowest present one",
          "[piece_table]") {
  box const all{{0}, {6}};
  piece_table const copies{{6}, {stored(3, all), stored(1, all), stored(2, all)}};
  piece_table const wanted{{6}, {stored(2, all), stored(5, all)}};
  auto const source = [&](index_t device, index_t absent) {
    index_t found = nobody;
    for_each_transfer(
        copies, wanted, device, [&](piece_transfer const& t) { found = t.source; },
        [&](index_t d) { return d != absent; });
    return found;
  };
  CHECK(source(2, nobody) == 2);
  CHECK(source(2, 2) == 1);
  CHECK(source(5, nobody) == 1);
  CHECK(source(5, 1) == 2);
  CHECK_THROWS_WITH(
      for_each_transfer(
          copies, wanted, 5, [](piece_transfer const&) {}, [](index_t) { return false; }),
      "no device that holds [0:6] is present");
  CHECK_THROWS_WITH(
      for_each_transfer(copies, flat_shards({3, 2}, list{6}), 0, [](piece_transfer const&) {}),
      "from shape(6) to shape(3, 2)");
}

/// Cuts a box at random places until `pieces` are there; some get a second holder.
std::vector<stated_piece> random_pieces(extents const& shape, std::mt19937& random) {
  std::vector<box> boxes{box{shape}};
  for (int i = 0; i < 6; ++i) {
    std::size_t const k = random() % boxes.size();
    if (shape.rank() == 0 || boxes[k].elements() < 2) continue;
    std::size_t const d = random() % shape.rank();
    index_t const size = boxes[k].extent()[d];
    if (size < 2) continue;
    index_t const at = 1 + static_cast<index_t>(random()) % (size - 1);
    box rest = boxes[k];
    boxes[k].extent_[d] = at;
    rest.offset_[d] += at;
    rest.extent_[d] = size - at;
    boxes.push_back(rest);
  }
  std::vector<stated_piece> out;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    out.push_back(stored(static_cast<index_t>(i), boxes[i]));
    if (random() % 3 == 0) out.push_back(stored(static_cast<index_t>(i) + 7, boxes[i]));
  }
  std::shuffle(out.begin(), out.end(), random);
  return out;
}

template <class Sink> void for_each_element(box const& b, Sink const& sink) {
  for (list const& index : testing::all_indices(b.extent())) {
    grid_index at = b.offset();
    for (std::size_t d = 0; d < at.size(); ++d) at[d] += index[d];
    sink(at);
  }
}

/// The storages of devices are filled with element numbers, moved transfer by transfer, and looked
/// at element by element.
bool moves_every_element(piece_table const& from, piece_table const& to) {
  auto const room = static_cast<std::size_t>(from.shape().elements());
  piece const number{box{from.shape()}};
  std::vector<list> have(32, list(room, -1));
  std::vector<list> got(32, list(room, -1));
  for (stated_piece const& p : from.pieces())
    for_each_element(p.what.where(), [&](grid_index const& at) {
      have[static_cast<std::size_t>(p.device)][static_cast<std::size_t>(p.what.address(at))] =
          number.address(at);
    });
  bool once = true;
  for (index_t device = 0; device < 32; ++device)
    for_each_transfer(from, to, device, [&](piece_transfer const& t) {
      for_each_element(t.to.where(), [&](grid_index const& at) {
        auto& place = got[static_cast<std::size_t>(t.destination)]
                         [static_cast<std::size_t>(t.to.address(at))];
        once = once && place == -1;
        place =
            have[static_cast<std::size_t>(t.source)][static_cast<std::size_t>(t.from.address(at))];
      });
    });
  for (stated_piece const& p : to.pieces())
    for_each_element(p.what.where(), [&](grid_index const& at) {
      once =
          once &&
          got[static_cast<std::size_t>(p.device)][static_cast<std::size_t>(p.what.address(at))] ==
              number.address(at);
    });
  return once;
}

TEST_CASE("between tables of any kind each element moves once", "[piece_table]") {
  unsigned const seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random{seed};
  for (int i = 0; i < 400; ++i) {
    extents shape;
    for (std::size_t d = random() % 4; d > 0; --d)
      shape.append(1 + static_cast<index_t>(random() % 4));
    list sizes(1 + random() % 6, 0);
    for (index_t e = 0; e < shape.elements(); ++e) ++sizes[random() % sizes.size()];
    piece_table const flat = flat_shards(shape, sizes);
    piece_table const boxes{shape, random_pieces(shape, random)};
    if (!moves_every_element(flat, boxes)) FAIL("flat to boxes, case " << i);
    if (!moves_every_element(boxes, flat)) FAIL("boxes to flat, case " << i);
  }
  SUCCEED();
}

TEST_CASE("the table of a layout plans as the layout does", "[piece_table]") {
  CHECK(testing::for_all_pairs(
      {.cases = 300, .devices = 12, .rank = 2, .extent = 5, .rules = testing::rule_choice::tails},
      [](layout const& from, layout const& to) {
        piece_table const a{from};
        piece_table const b{to};
        bool same = moves_every_element(a, b);
        for (index_t device = 0; device < to.devices().devices(); ++device) {
          index_t pieces = 0;
          index_t elements = 0;
          for_each_transfer(from, to, device, [&](transfer const& t) {
            ++pieces;
            elements += t.elements();
          });
          for_each_transfer(a, b, device, [&](piece_transfer const& t) {
            --pieces;
            elements -= t.elements();
          });
          same = same && pieces == 0 && elements == 0;
        }
        return same;
      }));
}

TEST_CASE("flat shards beyond the tensor are refused before their sum wraps", "[piece_table]") {
  std::initializer_list<index_t> const sizes{max_index, max_index, 10};
  CHECK_THROWS_WITH(flat_shards({2, 4}, sizes), Catch::Contains("8"));
  CHECK_THROWS_AS(flat_shards({2, 4}, sizes), layout_error);
}

}  // namespace

}  // namespace piece_table_test
