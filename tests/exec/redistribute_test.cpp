#include <reshard/exec/redistribute.hpp>

#include <reshard/exec/threads.hpp>
#include <reshard/plan/make_steps.hpp>
#include <reshard/testing/for_all.hpp>
#include <reshard/testing/plan_oracle.hpp>

#include <catch2/catch.hpp>

#include <algorithm>

namespace redistribute_test {

using namespace reshard;

namespace {

/// What a device stores of the tensor 0, 1, 2, ..., by enumeration; nothing for no device.
std::vector<index_t> numbered(testing::oracle const& places, extents const& shape, index_t device) {
  std::vector<index_t> out;
  if (static_cast<std::size_t>(device) >= places.devices()) return out;
  for (testing::list const& element : places.elements(static_cast<std::size_t>(device))) {
    index_t number = 0;
    for (std::size_t d = 0; d < shape.rank(); ++d) number = number * shape[d] + element[d];
    out.push_back(number);
  }
  return out;
}

/// move(from local, to local, comm) brings every thread the elements of its device.
template <class Move>
bool locals_are_right(layout const& from, layout const& to, Move const& move) {
  testing::oracle const before{from};
  testing::oracle const after{to};
  index_t const devices = std::max(from.devices().devices(), to.devices().devices());
  std::vector<char> right(static_cast<std::size_t>(devices), 0);
  run_threads(devices, [&](thread_communicator& comm) {
    std::vector<index_t> const have = numbered(before, from.shape(), comm.rank());
    std::vector<index_t> const wanted = numbered(after, to.shape(), comm.rank());
    std::vector<index_t> got(wanted.size(), -1);
    move(local_span<index_t const>{from, have}, local_span<index_t>{to, got}, comm);
    right[static_cast<std::size_t>(comm.rank())] = got == wanted;
  });
  return std::ranges::find(right, 0) == right.end();
}

/// As many tensors as the layout has devices, seen as one.
template <class T>
local_spans<T> spans_of(layout const& l, std::vector<std::vector<std::remove_const_t<T>>>& locals) {
  local_spans<T> out{l, {}};
  for (auto& local : locals) out.elements.emplace_back(local);
  return out;
}
/// One thread brings the elements of all devices.
bool all_at_once(layout const& from, layout const& to) {
  testing::oracle const before{from};
  testing::oracle const after{to};
  std::vector<std::vector<index_t>> have;
  std::vector<std::vector<index_t>> wanted;
  std::vector<std::vector<index_t>> got;
  for (index_t d = 0; d < from.devices().devices(); ++d)
    have.push_back(numbered(before, from.shape(), d));
  for (index_t d = 0; d < to.devices().devices(); ++d) {
    wanted.push_back(numbered(after, to.shape(), d));
    got.emplace_back(wanted.back().size(), -1);
  }
  redistribute<index_t>(spans_of<index_t const>(from, have), spans_of<index_t>(to, got));
  return got == wanted;
}

auto const by_transfers = [](auto const& from, auto const& to, thread_communicator& comm) {
  redistribute<index_t>(from, to, comm);
};

constexpr device_matrix four{2, 2};
constexpr layout rows{four, plain_map(four, {1, -1}), {4, 6}};
constexpr layout columns{four, plain_map(four, {-1, 0}), {4, 6}};

}  // namespace

TEST_CASE("transfers bring every device its elements, between any two layouts", "[redistribute]") {
  CHECK(testing::for_all_pairs({.cases = 150, .devices = 16},
                               [](layout const& from, layout const& to) {
                                 return locals_are_right(from, to, by_transfers);
                               }));
}

TEST_CASE("one thread brings all devices their elements", "[redistribute]") {
  CHECK(testing::for_all_pairs({.cases = 300, .extent = 12}, all_at_once));
  std::vector<std::vector<int>> have(4, std::vector<int>(12, 1));
  std::vector<std::vector<int>> got(4, std::vector<int>(12, 0));
  auto const code_of = [&](layout const& to) {
    try {
      redistribute<int>(spans_of<int const>(rows, have), spans_of<int>(to, got));
    } catch (plan_error const& e) {
      return e.code();
    }
    return errc::none;
  };
  CHECK(code_of({four, plain_map(four, {1, -1}), {4, 8}}) == errc::global_shapes_differ);
  got[3].pop_back();
  CHECK(code_of(columns) == errc::elements_do_not_fill_the_local_shape);
  got.pop_back();
  CHECK(code_of(columns) == errc::too_few_processes);
  CHECK(got[0] == std::vector<int>(12, 0));
}

TEST_CASE("steps bring the same as transfers", "[redistribute]") {
  int moved = 0;
  auto const by_steps = [&](layout const& from, layout const& to) {
    step_program steps;
    try {
      steps = make_steps(from, to);
    } catch (error const&) {
      return true;  // no collective does this; transfers do
    }
    ++moved;
    return locals_are_right(from, to, [&](auto const& have, auto const& want, auto& comm) {
      redistribute<index_t>(have, want, steps, comm);
    });
  };
  CHECK(testing::for_all_pairs({.cases = 400, .devices = 8, .rules = testing::rule_choice::exact},
                               by_steps));
  CHECK(moved > 20);
}

TEST_CASE("layouts in the type move like those of run time", "[redistribute]") {
  std::vector<std::vector<float>> results(4);
  run_threads(4, [&](thread_communicator& comm) {
    std::vector<float> mine(12);
    index_t const first = comm.rank() / 2 * 12;  // rows 0 and 1, or 2 and 3
    for (std::size_t i = 0; i < mine.size(); ++i)
      mine[i] = static_cast<float>(first) + static_cast<float>(i);
    std::vector<float> got(12, -1);
    redistribute(local_tensor<float const, rows>{mine}, local_tensor<float, columns>{got}, comm);
    results[static_cast<std::size_t>(comm.rank())] = got;
  });
  CHECK(results[0] == std::vector<float>{0, 1, 2, 6, 7, 8, 12, 13, 14, 18, 19, 20});
  CHECK(results[1] == std::vector<float>{3, 4, 5, 9, 10, 11, 15, 16, 17, 21, 22, 23});
  CHECK(results[2] == results[0]);
  CHECK(results[3] == results[1]);
}

TEST_CASE("an error of one process is one of all, before anything moves", "[redistribute]") {
  std::vector<errc> codes(4, errc::none);
  std::vector<std::vector<int>> results(4);
  run_threads(4, [&](thread_communicator& comm) {
    auto const rank = static_cast<std::size_t>(comm.rank());
    std::vector<int> const mine(rank == 2 ? 11 : 12, 7);
    results[rank].assign(12, -1);
    try {
      redistribute<int>({rows, mine}, {columns, results[rank]}, comm);
    } catch (plan_error const& e) {
      codes[rank] = e.code();
    }
  });
  for (std::size_t rank = 0; rank < 4; ++rank) {
    CHECK(codes[rank] ==
          (rank == 2 ? errc::elements_do_not_fill_the_local_shape : errc::another_process_failed));
    CHECK(results[rank] == std::vector<int>(12, -1));
  }
}

TEST_CASE("what cannot be redistributed is refused by name", "[redistribute]") {
  auto const code_of = [](index_t processes, layout const& from, layout const& to,
                          step_program const* steps) {
    try {
      run_threads(processes, [&](thread_communicator& comm) {
        auto const size = [&](layout const& l) {
          return static_cast<std::size_t>(local_elements(l, comm.rank()));
        };
        std::vector<int> const have(size(from));
        std::vector<int> want(size(to));
        if (steps == nullptr)
          redistribute<int>({from, have}, {to, want}, comm);
        else
          redistribute<int>({from, have}, {to, want}, *steps, comm);
      });
    } catch (plan_error const& e) {
      return e.code();
    }
    return errc::none;
  };
  layout const longer{four, plain_map(four, {1, -1}), {4, 8}};
  step_program const steps = make_steps(rows, columns);
  CHECK(code_of(4, rows, columns, nullptr) == errc::none);
  CHECK(code_of(3, rows, columns, nullptr) == errc::too_few_processes);
  CHECK(code_of(4, rows, longer, nullptr) == errc::global_shapes_differ);
  CHECK(code_of(4, rows, columns, &steps) == errc::none);
  CHECK(code_of(4, rows, rows, &steps) == errc::steps_lead_elsewhere);
}

}  // namespace redistribute_test
