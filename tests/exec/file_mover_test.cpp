#include <reshard/exec/file_mover.hpp>

#include "mover_case.hpp"

namespace file_mover_test {

using namespace reshard;
using namespace mover_case;

namespace {

extents const shape{6, 8};

template <class T> T element(grid_index const& at) {
  return stored_value<T>(0, number_of(shape, at));
}

/// Rows of a tensor on `from` files to its columns on `to` files.
mover_report rows_to_columns(job<std::int32_t>& j, index_t from, index_t to,
                             unit_limits const& limits, std::size_t workers) {
  std::size_t const s = j.store(cut_along(0, from, shape));
  file_move const move{
      "w", j.source(shape, {s}, {}), {}, {j.target<std::int32_t>(cut_along(1, to, shape))}};
  return j.run(move, limits, workers);
}
}  // namespace

TEST_CASE("each byte is read once and written once, whatever the units and workers",
          "[file_mover]") {
  for (std::size_t const unit_bytes : {4U, 40U, 1U << 20})
    for (std::size_t const workers : {1U, 3U}) {
      folder const dir;
      job<std::int32_t> j{dir.path};
      mover_report const done =
          rows_to_columns(j, 3, 4, {unit_bytes, std::size_t{1} << 20}, workers);
      CHECK(done.read_bytes == 192);
      CHECK(done.written_bytes == 192);
      j.check<std::int32_t>(0, element<std::int32_t>);
    }
}

TEST_CASE("replicas are read once and written to every file", "[file_mover]") {
  folder const dir;
  job<std::int32_t> j{dir.path};
  device_matrix const pairs{2, 2};
  std::size_t const s = j.store(layout{pairs, plain_map(pairs, {0, -1}), shape});
  layout const to{pairs, plain_map(pairs, {-1, 1}), shape};
  file_move const move{"w", j.source(shape, {s}, {}), {}, {j.target<std::int32_t>(to)}};
  mover_report const done = j.run(move, {}, 2);
  CHECK(done.read_bytes == 192);
  CHECK(done.written_bytes == 2 * 192);
  j.check<std::int32_t>(0, element<std::int32_t>);
}

TEST_CASE("only what a present destination wants is read", "[file_mover]") {
  for (cut_rule const& rule : {cut_rule{tail_rule::exact}, cut_rule::cyclic(1)}) {
    folder const dir;
    job<std::int32_t> j{dir.path};
    std::size_t const s = j.store(cut_along(1, 2, shape));
    file_side side = j.target<std::int32_t>(cut_along(0, 3, shape, rule));
    file_side const all = side;
    side.shard = [&](index_t d) { return d == 1 ? all.shard(d) : std::nullopt; };
    file_move const move{"w", j.source(shape, {s}, {}), {}, {side}};
    mover_report const done = j.run(move, {}, 1);
    CHECK(done.read_bytes == 64);
    CHECK(done.written_bytes == 64);
    std::vector<std::int32_t> const expected =
        file_of<std::int32_t>(*side.where, 1, element<std::int32_t>);
    CHECK(read_chunks<std::int32_t>(j.files().destinations[1], 16) == expected);
    CHECK(read_chunks<std::int32_t>(j.files().destinations[0], 16) ==
          std::vector<std::int32_t>(16, -1));
  }
}

TEST_CASE("a source that is too short names file, tensor and byte", "[file_mover]") {
  folder const dir;
  job<std::int32_t> j{dir.path};
  std::size_t const s = j.store(whole(shape));
  file_move const move{
      "w", j.source(shape, {s}, {}), {}, {j.target<std::int32_t>(cut_along(1, 4, shape))}};
  std::filesystem::resize_file(j.files().sources.front(), 100);
  try {
    j.run(move, {}, 1);
    FAIL("nothing was thrown");
  } catch (codec_error const& e) {
    CHECK(e.code() == errc::file_is_truncated);
    CHECK(e.path() == j.files().sources.front());
    CHECK(e.tensor() == "w");
    CHECK(e.byte() == 80);  // where the second chunk of 128 bytes begins
  }
}

TEST_CASE("a source with holes reads as zeros", "[file_mover]") {
  folder const dir;
  job<std::int32_t> j{dir.path};
  std::size_t const s = j.store(whole(shape));
  std::filesystem::resize_file(j.files().sources.front(), 0);
  std::filesystem::resize_file(j.files().sources.front(), 16 + 192);
  file_move const move{
      "w", j.source(shape, {s}, {}), {}, {j.target<std::int32_t>(cut_along(1, 4, shape))}};
  j.run(move, {}, 1);
  j.check<std::int32_t>(0, [](grid_index const&) { return 0; });
}

TEST_CASE("a stop request ends the job with an error", "[file_mover]") {
  folder const dir;
  job<std::int32_t> j{dir.path};
  std::size_t const s = j.store(whole(shape));
  file_move const move{"w", j.source(shape, {s}, {}), {}, {j.target<std::int32_t>(whole(shape))}};
  std::stop_source stop;
  stop.request_stop();
  mover_options options;
  options.stop = stop.get_token();
  file_mover mover{j.files(), options};
  CHECK_THROWS_AS(mover.run(1, [&](std::size_t) { return move; }), plan_error);
}

TEST_CASE("scalars and tensors without elements are moved", "[file_mover]") {
  for (extents const& s : {extents{}, extents{3, 0}, extents{1}}) {
    folder const dir;
    job<std::int64_t> j{dir.path};
    std::size_t const stored = j.store(whole(s));
    file_move const move{"w", j.source(s, {stored}, {}), {}, {j.target<std::int64_t>(whole(s))}};
    CHECK(j.run(move, {}, 2).written_bytes == 8 * static_cast<std::size_t>(s.elements()));
    j.check<std::int64_t>(
        0, [&](grid_index const& at) { return stored_value<std::int64_t>(0, number_of(s, at)); });
  }
}

TEST_CASE("tasks that an earlier run did are not done again", "[file_mover]") {
  folder const dir;
  job<std::int32_t> j{dir.path};
  std::size_t const s = j.store(whole(shape));
  file_move const move{"w", j.source(shape, {s}, {}), {}, {j.target<std::int32_t>(whole(shape))}};
  mover_options options;
  options.limits.unit_bytes = 32;  // one row
  options.memory = plan_units(move, options.limits).memory;
  std::vector<std::uint64_t> done;
  options.was_done = [](std::uint64_t task) { return task == 1 || task == 4; };
  options.done = [&](std::uint64_t task) { done.push_back(task); };
  file_mover mover{j.files(), options};
  mover_report const report = mover.run(1, [&](std::size_t) { return move; });
  CHECK(done == std::vector<std::uint64_t>{0, 2, 3, 5});
  CHECK(report.tasks == 4);
  j.check<std::int32_t>(0, [](grid_index const& at) {
    return at[0] == 1 || at[0] == 4 ? -1 : element<std::int32_t>(at);
  });
}

TEST_CASE("no workers are one per processor", "[file_mover]") {
  folder const dir;
  job<std::int32_t> j{dir.path};
  std::size_t const s = j.store(whole(shape));
  file_move const move{"w", j.source(shape, {s}, {}), {}, {j.target<std::int32_t>(whole(shape))}};
  CHECK(j.run(move, {}, 0).tasks == 1);
  j.check<std::int32_t>(0, element<std::int32_t>);
}

}  // namespace file_mover_test
