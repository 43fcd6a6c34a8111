#include <reshard/checkpoint/in_parallel.hpp>

#include <catch2/catch.hpp>

#include <set>
#include <stdexcept>

namespace in_parallel_test {

using namespace reshard;

TEST_CASE("what jobs return comes in their order, from any number of threads", "[in_parallel]") {
  for (std::size_t const workers : {0U, 1U, 3U, 50U})
    for (std::size_t const n : {0U, 1U, 2U, 37U}) {
      std::vector<std::size_t> const squares =
          in_parallel(n, workers, [](std::size_t i, tensor_reader&) { return i * i; });
      bool right = squares.size() == n;
      for (std::size_t i = 0; right && i < n; ++i) right = squares[i] == i * i;
      CHECK(right);
    }
}

TEST_CASE("threads read through readers of their own", "[in_parallel]") {
  std::mutex mutex;
  std::set<tensor_reader const*> readers;
  std::set<std::thread::id> threads;
  in_parallel(2, 2, [&](std::size_t, tensor_reader& reader) {
    for (bool both = false; !both; std::this_thread::yield()) {  // until the other one is there
      std::lock_guard const lock{mutex};
      readers.insert(&reader);
      threads.insert(std::this_thread::get_id());
      both = threads.size() == 2;
    }
    return 0;
  });
  CHECK(threads.size() == 2);
  CHECK(readers.size() == 2);
}

TEST_CASE("after a job has failed no other begins", "[in_parallel]") {
  std::size_t called = 0;
  CHECK_THROWS_WITH(in_parallel(100, 1,
                                [&](std::size_t i, tensor_reader&) {
                                  ++called;
                                  if (i == 4) throw std::runtime_error{"job 4"};
                                  return i;
                                }),
                    "job 4");
  CHECK(called == 5);
  CHECK_THROWS_WITH(in_parallel(100, 4,
                                [](std::size_t i, tensor_reader&) -> int {
                                  throw std::runtime_error{"job " + std::to_string(i)};
                                }),
                    Catch::StartsWith("job "));
}

}  // namespace in_parallel_test
