#pragma once

#include <reshard/exec/communicator.hpp>

#include <algorithm>
#include <barrier>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void messages_do_not_match(index_t rank, std::size_t missing) {
  throw plan_error(errc::messages_do_not_match, __func__,
                   {"process ", rank, " expected ", missing, " messages that nobody sent so"});
}

/// What the threads share. A thread that ends early takes no more part in the barrier; the others
/// see its number and nothing sent.
class thread_group {
 public:
  explicit thread_group(std::size_t threads)
      : barrier_(static_cast<std::ptrdiff_t>(threads)), sent_(threads), numbers_(threads, 0) {}

  [[nodiscard]] std::size_t size() const noexcept { return sent_.size(); }

  /// Makes something known to all, lets all look, and waits until all have.
  template <class Tell, class Look> void together(Tell&& tell, Look&& look) {
    tell();
    barrier_.arrive_and_wait();
    look();
    barrier_.arrive_and_wait();
  }
  void leave(std::size_t rank, std::exception_ptr const& failure) {
    sent_[rank] = {};
    numbers_[rank] = failure ? 1 : 0;
    if (failure) {
      std::lock_guard const one{first_failure_mutex_};
      if (!first_failure_) first_failure_ = failure;
    }
    barrier_.arrive_and_drop();
  }
  [[nodiscard]] std::exception_ptr failure() const { return first_failure_; }

  std::barrier<> barrier_;
  std::vector<std::span<outgoing const>> sent_;
  std::vector<int> numbers_;
  std::mutex first_failure_mutex_;
  std::exception_ptr first_failure_;
};
}  // namespace detail

/// A communicator between threads of this process: a message is one copy from the sender's memory
/// to the receiver's.
class thread_communicator {
 public:
  thread_communicator(detail::thread_group& group, std::size_t rank) : group_(group), rank_(rank) {}

  [[nodiscard]] index_t rank() const noexcept { return static_cast<index_t>(rank_); }
  [[nodiscard]] index_t size() const noexcept { return static_cast<index_t>(group_.size()); }

  /// throws: plan_error messages_do_not_match, after all that matched were copied
  void exchange(std::span<outgoing const> sends, std::span<incoming const> receives) {
    std::size_t missing = 0;
    group_.together([&] { group_.sent_[rank_] = sends; }, [&] { missing = take(receives); });
    if (missing != 0) detail::messages_do_not_match(rank(), missing);
  }
  int max(int number) {
    int largest = number;
    group_.together([&] { group_.numbers_[rank_] = number; },
                    [&] { largest = *std::ranges::max_element(group_.numbers_); });
    return largest;
  }

 private:
  /// Copies what was sent to this thread; returns how many messages did not come.
  std::size_t take(std::span<incoming const> receives) {
    std::vector<std::size_t> next(group_.size(), 0);  // per sender, its first message not looked at
    std::size_t missing = 0;
    for (incoming const& wanted : receives) {
      auto const peer = static_cast<std::size_t>(wanted.peer);
      std::span<outgoing const> const sent = group_.sent_[peer];
      std::size_t& at = next[peer];
      while (at < sent.size() && sent[at].peer != rank()) ++at;
      if (at == sent.size() || sent[at].block.extent != wanted.block.extent)
        ++missing;
      else
        copy_block(wanted.block, sent[at].block);
      if (at < sent.size()) ++at;
    }
    return missing;
  }

  detail::thread_group& group_;
  std::size_t rank_;
};

/// Runs body(thread_communicator&) on as many threads, the devices of a layout, and waits for them.
///   throws: what the first body threw; std::system_error if there are not so many threads
template <class Body> void run_threads(index_t devices, Body const& body) {
  detail::thread_group group{static_cast<std::size_t>(devices)};
  {
    std::vector<std::jthread> threads;
    auto const run = [&group, &body](std::size_t rank) {
      std::exception_ptr failure;
      try {
        thread_communicator comm{group, rank};
        body(comm);
      } catch (...) {
        failure = std::current_exception();
      }
      group.leave(rank, failure);
    };
    try {
      while (threads.size() < group.size()) threads.emplace_back(run, threads.size());
    } catch (std::system_error const&) {  // no more threads: nobody waits for those
      for (std::size_t rank = threads.size(); rank < group.size(); ++rank)
        group.leave(rank, std::current_exception());
    }
  }
  if (group.failure()) std::rethrow_exception(group.failure());
}

}  // namespace v1
}  // namespace reshard
