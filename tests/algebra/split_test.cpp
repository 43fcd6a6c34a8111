#include <reshard/algebra/split.hpp>
#include <reshard/testing/oracle.hpp>

#include "support/both.hpp"

using namespace reshard;

namespace {

constexpr cut over(index_t parts, cut_rule const& rule) {
  return {digit{axis_list{device_axis{0}}, 1, parts}, rule};
}

/// Which part has each index of a range, from the first on.
template <std::size_t Size>
constexpr bool owners_are(cut_rule const& rule, index_t parts, index_t const (&owners)[Size]) {
  cut const by = over(parts, rule);
  split const s{by, rule.sizes_.begin(), static_cast<index_t>(Size)};
  EXPECT(s.size() == static_cast<index_t>(Size));
  for (std::size_t at = 0; at < Size; ++at)
    EXPECT(s.part_of(static_cast<index_t>(at)) == owners[at]);
  return true;
}

constexpr bool each_rule_deals_out_in_its_way() {
  EXPECT(owners_are(tail_rule::exact, 3, {0, 0, 1, 1, 2, 2}));
  EXPECT(owners_are(tail_rule::ceil, 4, {0, 0, 1, 1, 2}));
  EXPECT(owners_are(tail_rule::balanced, 4, {0, 0, 1, 2, 3}));
  EXPECT(owners_are(cut_rule::parts({1, 0, 3}), 3, {0, 2, 2, 2}));
  EXPECT(owners_are(cut_rule::cyclic(1), 2, {0, 1, 0, 1, 0}));
  EXPECT(owners_are(cut_rule::cyclic(2), 3, {0, 0, 1, 1, 2, 2, 0, 0, 1}));
  EXPECT(owners_are(cut_rule::sections(2), 2, {0, 0, 1, 1, 0, 0, 1, 1}));
  EXPECT(owners_are(cut_rule::sections({4, 2, 2}), 2, {0, 0, 1, 1, 0, 1, 0, 1}));
  // 15 in chunks of 8 and 7, each over 4
  EXPECT(owners_are(cut_rule::sections(2, tail_rule::ceil), 4,
                    {0, 0, 1, 1, 2, 2, 3, 3, 0, 0, 1, 1, 2, 2, 3}));
  EXPECT(owners_are(cut_rule::sections(3, tail_rule::balanced), 2, {0, 0, 1, 0, 1, 0, 1}));
  return true;
}
TEST_BOTH("[split]", each_rule_deals_out_in_its_way)

constexpr bool below_counts_and_run_begins_at_an_index() {
  cut_rule const rule = cut_rule::cyclic(3);
  cut const by = over(2, rule);
  split const s{by, rule.sizes_.begin(), 8};  // 0 0 0 1 1 1 0 0
  EXPECT(s.below(0, 0) == 0 && s.below(0, 2) == 2 && s.below(0, 6) == 3 && s.below(0, 8) == 5);
  EXPECT(s.below(1, 3) == 0 && s.below(1, 8) == 3);
  EXPECT(s.run(0, 0) == interval{0, 3} && s.run(0, 2) == interval{2, 1});
  EXPECT(s.run(0, 3) == interval{6, 2} && s.run(1, 1) == interval{4, 2});
  return true;
}
TEST_BOTH("[split]", below_counts_and_run_begins_at_an_index)

constexpr bool stated_sizes_may_belong_to_the_second_of_two_cuts() {
  index_t const pool[] = {5, 7, 2, 4};  // of somebody else, then ours
  cut const by = over(2, cut_rule::parts({2, 4}));
  split const s{by, pool + 2, 6};
  EXPECT(s.part_of(1) == 0 && s.part_of(2) == 1 && s.run(1, 0) == interval{2, 4});
  return true;
}
TEST_BOTH("[split]", stated_sizes_may_belong_to_the_second_of_two_cuts)

/// The number of blocks or section shares in which a part has indices: its runs by the rule. The
/// only part has one.
std::size_t runs_of(cut_rule const& rule, testing::list const& whole, index_t parts, index_t part) {
  if (parts == 1) return whole.empty() ? 0 : 1;
  auto const p = static_cast<std::size_t>(part);
  std::vector<testing::list> pieces;
  if (rule.kind_ == cut_kind::cyclic) {
    for (index_t first = 0; first < static_cast<index_t>(whole.size()); first += rule.block_)
      if (first / rule.block_ % parts == part) pieces.push_back({first});
  } else if (rule.kind_ == cut_kind::sections) {
    for (testing::list const& section :
         rule.block_ == 0 ? testing::split_list(whole, 1, cut_rule::parts(rule.sizes_))
                          : testing::split_list(whole, rule.block_, rule.tail_))
      pieces.push_back(testing::split_list(section, parts, rule.tail_)[p]);
  } else {
    pieces.push_back(testing::split_list(whole, parts, rule)[p]);
  }
  return static_cast<std::size_t>(
      std::count_if(pieces.begin(), pieces.end(), [](auto const& list) { return !list.empty(); }));
}

bool part_is_right(split const& s, cut_rule const& rule, index_t parts, index_t part,
                   testing::list const& held) {
  index_t below = 0;
  bool right = true;
  for (index_t at = 0; at <= s.size(); ++at) {
    bool const mine = std::binary_search(held.begin(), held.end(), at);
    right = right && s.below(part, at) == below;
    if (at < s.size()) right = right && (s.part_of(at) == part) == mine;
    below += mine ? 1 : 0;
  }
  std::size_t runs = 0;
  for (std::size_t local = 0; local < held.size() && right;) {
    interval const run = s.run(part, static_cast<index_t>(local));
    right = right && run.size > 0 && local + static_cast<std::size_t>(run.size) <= held.size();
    for (index_t i = 0; i < run.size && right; ++i) {
      right = right && held[local + static_cast<std::size_t>(i)] == run.offset + i;
      interval const rest = s.run(part, static_cast<index_t>(local) + i);  // from within the run
      right = right && rest == interval{run.offset + i, run.size - i};
    }
    local += static_cast<std::size_t>(run.size);
    ++runs;
  }
  return right && runs == runs_of(rule, testing::up_to(s.size()), parts, part);
}

void check(cut_rule const& rule, index_t parts, index_t size) {
  cut const by = over(parts, rule);
  split const s{by, rule.sizes_.begin(), size};
  auto const expected = testing::split_list(testing::up_to(size), parts, rule);
  for (index_t part = 0; part < parts; ++part)
    if (!part_is_right(s, rule, parts, part, expected[static_cast<std::size_t>(part)]))
      FAIL("kind " << int(rule.kind_) << ", tail " << int(rule.tail_) << ", block " << rule.block_
                   << ", " << rule.sizes_.size() << " sizes: part " << part << " of " << parts
                   << " of " << size);
}

/// Calls sink(sizes) for all lists of `count` sizes that are multiples of `unit` and sum up.
template <class Sink>
void for_each_sizes(index_t sum, index_t count, index_t unit, Sink const& sink,
                    size_list head = {}) {
  if (count == 1) {
    head.push_back(sum);
    return sink(static_cast<size_list const&>(head));
  }
  for (index_t first = 0; first <= sum; first += unit) {
    size_list longer = head;
    longer.push_back(first);
    for_each_sizes(sum - first, count - 1, unit, sink, longer);
  }
}

TEST_CASE("contiguous parts are those of enumeration", "[split]") {
  for (index_t size = 0; size <= 20; ++size)
    for (index_t parts = 1; parts <= 8; ++parts) {
      check(tail_rule::ceil, parts, size);
      check(tail_rule::balanced, parts, size);
      check(tail_rule::exact, parts, size * parts);
    }
}

TEST_CASE("cyclic blocks are those of enumeration", "[split]") {
  for (index_t size = 0; size <= 24; ++size)
    for (index_t parts = 1; parts <= 5; ++parts)
      for (index_t block = 1; block <= 9; ++block) check(cut_rule::cyclic(block), parts, size);
}

TEST_CASE("sections by a tail rule are those of enumeration", "[split]") {
  for (index_t size = 0; size <= 24; ++size)
    for (index_t parts = 1; parts <= 5; ++parts)
      for (index_t count = 1; count <= 8; ++count) {
        check(cut_rule::sections(count, tail_rule::ceil), parts, size);
        check(cut_rule::sections(count, tail_rule::balanced), parts, size);
        if (size <= 3) check(cut_rule::sections(count), parts, size * parts * count);
      }
}

TEST_CASE("stated parts and sections are those of enumeration", "[split]") {
  for (index_t parts = 1; parts <= 4; ++parts)
    for (index_t size = 0; size <= 7; ++size)
      for_each_sizes(size, parts, 1,
                     [&](size_list const& sizes) { check(cut_rule::parts(sizes), parts, size); });
  for (index_t parts = 1; parts <= 3; ++parts)
    for (index_t sections = 1; sections <= 4; ++sections)
      for_each_sizes(5 * parts, sections, parts, [&](size_list const& sizes) {
        check(cut_rule::sections(sizes), parts, 5 * parts);
      });
}

/// The parts of a range that is too long to enumerate, asked around some places.
void check_around(cut_rule const& rule, index_t parts, index_t size) {
  INFO("kind " << int(rule.kind_) << ", tail " << int(rule.tail_) << ", block " << rule.block_
               << ", " << parts << " parts of " << size);
  cut const by = over(parts, rule);
  split const s{by, rule.sizes_.begin(), size};
  index_t all = 0;
  for (index_t part = 0; part < parts; ++part) all += s.below(part, size);
  CHECK(all == size);
  for (index_t const at :
       {index_t{0}, size / 7, size / 2, size - 1 - (size - 1) / parts, size - 1}) {
    index_t const part = s.part_of(at);
    REQUIRE(part >= 0);
    REQUIRE(part < parts);
    index_t const local = s.below(part, at);
    CHECK(s.below(part, at + 1) == local + 1);
    interval const run = s.run(part, local);
    CHECK(run.offset == at);
    CHECK(run.size > 0);
    CHECK(run.size <= size - at);
    CHECK(s.part_of(run.end() - 1) == part);
  }
}

TEST_CASE("numbers up to 2^63 - 1 do not overflow", "[split]") {
  index_t const large = max_index;
  for (index_t const parts : {1, 2, 3, 8}) {
    for (index_t const size : {large, large - 1, large / 2, index_t{1} << 40}) {
      check_around(tail_rule::ceil, parts, size);
      check_around(tail_rule::balanced, parts, size);
      for (index_t const number : {large, large / 2, large / 3 + 1, index_t{1} << 33}) {
        check_around(cut_rule::cyclic(number), parts, size);
        check_around(cut_rule::sections(number, tail_rule::ceil), parts, size);
        check_around(cut_rule::sections(number, tail_rule::balanced), parts, size);
      }
    }
    check_around(cut_rule::cyclic(large), parts, 3);  // one block, longer than the range
  }
}

}  // namespace
