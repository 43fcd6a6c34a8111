#include <reshard/exec/threads.hpp>

#include <catch2/catch.hpp>

#include <sys/resource.h>
#include <atomic>
#include <stdexcept>
#include <string>

#include <fstream>

namespace threads_test {

using namespace reshard;

namespace {
static_assert(communicator<thread_communicator>);

strided_block<std::byte const> sent(int const& value) {
  return {reinterpret_cast<std::byte const*>(&value), {1}, {4}, 4};
}
strided_block<std::byte> wanted(int& value) {
  return {reinterpret_cast<std::byte*>(&value), {1}, {4}, 4};
}
}  // namespace

TEST_CASE("messages between two threads arrive in their order, one's own too", "[threads]") {
  std::vector<std::vector<int>> got(3, std::vector<int>(6, -1));
  run_threads(3, [&](thread_communicator& comm) {
    auto const me = static_cast<std::size_t>(comm.rank());
    std::vector<int> values;
    for (int k = 0; k < 6; ++k) values.push_back(static_cast<int>(comm.rank()) * 10 + k);
    std::vector<outgoing> sends;
    std::vector<incoming> receives;
    for (std::size_t k = 0; k < 6; ++k) {  // to peer k % 3, from peer k % 3
      sends.push_back({static_cast<index_t>(k % 3), sent(values[k])});
      receives.push_back({static_cast<index_t>(k % 3), wanted(got[me][k])});
    }
    comm.exchange(sends, receives);
  });
  CHECK(got[0] == std::vector<int>{0, 10, 20, 3, 13, 23});
  CHECK(got[1] == std::vector<int>{1, 11, 21, 4, 14, 24});
  CHECK(got[2] == std::vector<int>{2, 12, 22, 5, 15, 25});
}

TEST_CASE("all threads learn the largest number", "[threads]") {
  std::atomic<int> right{0};
  run_threads(5, [&](thread_communicator& comm) {
    auto const rank = static_cast<int>(comm.rank());
    if (comm.max(rank) == 4 && comm.max(-rank) == 0 && comm.size() == 5) ++right;
  });
  CHECK(right == 5);
}

TEST_CASE("a message that nobody sent so is an error, not a wait", "[threads]") {
  std::atomic<int> refused{0};
  run_threads(2, [&](thread_communicator& comm) {
    int value = 1;
    int got = 0;
    std::vector<outgoing> sends;
    if (comm.rank() == 0) sends.push_back({1, sent(value)});
    std::vector<incoming> const receives{{1 - comm.rank(), wanted(got)}};
    try {
      comm.exchange(sends, receives);
    } catch (plan_error const& e) {
      if (e.code() == errc::messages_do_not_match && comm.rank() == 0) ++refused;
    }
    if (comm.rank() == 1 && got == 1) ++refused;
  });
  CHECK(refused == 2);
}

TEST_CASE("a thread that throws ends the job with its reason, and nobody waits for it",
          "[threads]") {
  std::atomic<int> told{0};
  auto const body = [&](thread_communicator& comm) {
    if (comm.rank() == 1) throw std::runtime_error("of thread 1");
    if (comm.max(0) == 1) ++told;
  };
  CHECK_THROWS_WITH(run_threads(3, body), "of thread 1");
  CHECK(told == 2);
}

TEST_CASE("a thread that cannot be made ends the job, and nobody waits for it", "[threads]") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_AS, &before) == 0);
  std::uint64_t used = 0;  // a stack is 8 MiB of addresses
  std::ifstream{"/proc/self/statm"} >> used;
  rlimit few = before;
  few.rlim_cur = used * 4096 + (rlim_t{256} << 20);
  if (used * 4096 > std::uint64_t{1} << 40) return;  // a sanitizer has all addresses
  REQUIRE(::setrlimit(RLIMIT_AS, &few) == 0);
  bool refused = false;
  try {
    run_threads(2000, [](thread_communicator& comm) { comm.max(0); });
  } catch (std::system_error const&) {
    refused = true;
  }
  ::setrlimit(RLIMIT_AS, &before);
  CHECK(refused);
}

}  // namespace threads_test
