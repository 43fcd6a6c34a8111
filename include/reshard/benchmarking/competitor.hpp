#pragma once

#include <reshard/benchmarking/plan_run.hpp>
#include <reshard/exec/redistribute.hpp>

#include <algorithm>
#include <complex>
#include <cstdint>
#include <cstring>

namespace reshard {
inline namespace v1 {
namespace benchmarking {

/// Who moves the bytes of a plan.
///   rival: must end with the right elements
///   bound: moves as many bytes, not the right ones: what the memory allows
enum class role : std::uint8_t { rival, bound };

struct competitor {
  char const* name;
  role as;
  void (*run)(plan_run&);
};

/// Calls body(T{}) with a type of that size.
template <class Body> void with_item_type(std::size_t item_bytes, Body&& body) {
  switch (item_bytes) {
    case 1:
      return body(std::uint8_t{});
    case 2:
      return body(std::uint16_t{});
    case 4:
      return body(std::uint32_t{});
    case 8:
      return body(std::uint64_t{});
    default:
      return body(std::complex<double>{});
  }
}

/// The elements of a storage.
template <class T, class Storage> [[nodiscard]] std::span<T> items(Storage& local) {
  auto* const first = local.data();
  return {reinterpret_cast<T*>(first), local.size() / sizeof(T)};
}

/// What the library does: plan, and copy what the plan says.
inline void run_transfers(plan_run& run) {
  with_item_type(run.item_bytes(), [&]<class T>(T) {
    local_spans<T const> from{run.from(), {}};
    for (index_t device = 0; device < run.from().devices().devices(); ++device)
      from.elements.push_back(items<T const>(run.source(device)));
    local_spans<T> to{run.to(), {}};
    for (index_t device = 0; device < run.to().devices().devices(); ++device)
      to.elements.push_back(items<T>(run.destination(device)));
    redistribute<T>(from, to);
  });
}

/// One block per destination, of whatever the sources have.
inline void run_memcpy(plan_run& run) {
  index_t source = 0;
  for (index_t device = 0; device < run.to().devices().devices(); ++device) {
    storage& to = run.destination(device);
    for (std::size_t done = 0; done < to.size();) {
      storage const& from = run.source(source++ % run.from().devices().devices());
      std::size_t const bytes = std::min(from.size(), to.size() - done);
      std::memcpy(to.data() + done, from.data(), bytes);
      done += bytes;
    }
  }
}

namespace detail {
/// Loops over the dims from `d` on, one element at a time.
template <class T>
void copy_elements(T* to, extents const& to_sizes, T const* from, extents const& from_sizes,
                   transfer const& t, std::size_t d, index_t to_at, index_t from_at) {
  if (d == t.extent.size()) {
    to[to_at] = from[from_at];
    return;
  }
  for (index_t i = 0; i < t.extent[d]; ++i)
    copy_elements(to, to_sizes, from, from_sizes, t, d + 1,
                  to_at * to_sizes[d] + t.destination_offset[d] + i,
                  from_at * from_sizes[d] + t.source_offset[d] + i);
}
}  // namespace detail

/// A loop per dim, an element at a time, over transfers made in advance.
inline void run_naive_loops(plan_run& run) {
  with_item_type(run.item_bytes(), [&]<class T>(T) {
    for (transfer const& t : run.transfers())
      detail::copy_elements(reinterpret_cast<T*>(run.destination(t.destination).data()),
                            run.to().local_shape(t.destination),
                            reinterpret_cast<T const*>(run.source(t.source).data()),
                            run.from().local_shape(t.source), t, 0, 0, 0);
  });
}

inline constexpr competitor transfers_competitor{"transfers", role::rival, run_transfers};
inline constexpr competitor memcpy_competitor{"memcpy", role::bound, run_memcpy};
inline constexpr competitor naive_loops_competitor{"naive_loops", role::rival, run_naive_loops};

/// Those that need no third party.
[[nodiscard]] inline std::vector<competitor> plain_competitors() {
  return {transfers_competitor, memcpy_competitor, naive_loops_competitor};
}

}  // namespace benchmarking
}  // namespace v1
}  // namespace reshard
