#pragma once

#include <reshard/checkpoint/read_tensor.hpp>
#include <reshard/exec/memory_budget.hpp>

#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace reshard {
inline namespace v1 {

/// What jobs 0 .. n - 1 return, in their order, done by several threads; each reads files of its
/// own.
///   workers: 0 = one per processor
///   job:     callable, (number, tensor_reader&); not called again after one threw
///   throws:  what the first job to fail threw
template <class Job> auto in_parallel(std::size_t n, std::size_t workers, Job const& job) {
  std::vector<std::invoke_result_t<Job const&, std::size_t, tensor_reader&>> out(n);
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  auto const work = [&] {
    tensor_reader reader;
    try {
      for (std::size_t i = next++; i < n; i = next++) out[i] = job(i, reader);
    } catch (...) {
      std::lock_guard const lock{mutex};
      if (!failure) failure = std::current_exception();
      next = n;
    }
  };
  {
    std::vector<std::jthread> threads;
    std::size_t const some = std::min(worker_count(workers), n);
    for (std::size_t w = 1; w < some; ++w) threads.emplace_back(work);
    work();
  }
  if (failure) std::rethrow_exception(failure);
  return out;
}

}  // namespace v1
}  // namespace reshard
