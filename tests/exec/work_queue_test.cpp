#include <reshard/exec/work_queue.hpp>

#include "mover_case.hpp"

#include <map>
#include <set>

namespace work_queue_test {

using namespace reshard;
using namespace mover_case;

namespace {
using unit_number = std::pair<std::string, index_t>;

/// 37 moves of 1 to 6 rows; with these limits a row is a unit, and a move of one row is small.
class queue_case {
 public:
  static constexpr std::size_t moves = 37;

  [[nodiscard]] static index_t rows(std::size_t move) {
    return 1 + static_cast<index_t>(move * 7 % 6);
  }
  static constexpr unit_limits limits{32, std::size_t{1} << 20};
  work_queue queue(std::size_t lanes = 16) {
    return {moves, [this](std::size_t i) { return make(i); }, limits, lanes};
  }

 private:
  file_move make(std::size_t i) {
    extents const shape{rows(i), 8};
    std::size_t const s = job_.store(whole(shape));
    return {std::to_string(i),
            job_.source(shape, {s}, {}),
            {},
            {job_.target<std::int32_t>(cut_along(1, 1, shape))}};
  }

  folder dir_;
  job<std::int32_t> job_{dir_.path};
};

std::vector<unit_number> units_of(work_task const& task) {
  std::vector<unit_number> out;
  for (work_task::part const& p : task.parts)
    for (index_t i = 0; i < p.units; ++i) out.emplace_back(p.of->move.name, p.first + i);
  return out;
}

/// All tasks by their numbers, asked for by workers in turn.
std::map<std::uint64_t, std::vector<unit_number>> tasks_of(std::size_t workers) {
  queue_case c;
  work_queue queue = c.queue();
  std::map<std::uint64_t, std::vector<unit_number>> out;
  std::size_t asked = 0;
  while (std::optional<work_task> const task = queue.next(asked++ % workers, workers))
    CHECK(out.emplace(task->number, units_of(*task)).second);
  return out;
}
}  // namespace

TEST_CASE("every unit is in one task, and tasks have the same numbers for all workers",
          "[work_queue]") {
  auto const alone = tasks_of(1);
  std::set<unit_number> units;
  std::size_t all = 0;
  for (auto const& [number, some] : alone) {
    all += some.size();
    units.insert(some.begin(), some.end());
  }
  std::size_t rows = 0;
  for (std::size_t i = 0; i < queue_case::moves; ++i)
    rows += static_cast<std::size_t>(queue_case::rows(i));
  CHECK(units.size() == rows);
  CHECK(all == rows);
  for (std::size_t const workers : {2U, 3U, 16U, 40U}) CHECK(tasks_of(workers) == alone);
}

TEST_CASE("a worker alone does tensors and units in order", "[work_queue]") {
  queue_case c;
  work_queue queue = c.queue();
  std::vector<unit_number> done;
  while (std::optional<work_task> const task = queue.next())
    for (unit_number const& unit : units_of(*task)) done.push_back(unit);
  std::vector<unit_number> expected;
  for (std::size_t i = 0; i < queue_case::moves; ++i)
    for (index_t u = 0; u < queue_case::rows(i); ++u) expected.emplace_back(std::to_string(i), u);
  CHECK(done == expected);
}

TEST_CASE("a small job has one lane, a large one as many as workers may want", "[work_queue]") {
  CHECK(work_queue::lanes_for(0, queue_case::limits) == 1);
  CHECK(work_queue::lanes_for(15 * 32, queue_case::limits) == 1);
  CHECK(work_queue::lanes_for(16 * 32, queue_case::limits) == 2);
  CHECK(work_queue::lanes_for(std::uint64_t{1} << 43, {}) == 16);
  queue_case c;
  work_queue queue = c.queue(1);
  std::uint64_t number = 0;
  while (std::optional<work_task> const task = queue.next(number % 2, 2))
    CHECK(task->number == number++);
}

TEST_CASE("workers begin far from each other", "[work_queue]") {
  queue_case c;
  work_queue queue = c.queue();
  CHECK(units_of(queue.next(0, 2).value()).front() == unit_number{"0", 0});
  CHECK(units_of(queue.next(1, 2).value()).front() == unit_number{"18", 0});
  CHECK(units_of(queue.next(0, 2).value()).front().first == "1");
}

}  // namespace work_queue_test
