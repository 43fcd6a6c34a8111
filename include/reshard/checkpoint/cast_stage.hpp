#pragma once

#include <reshard/checkpoint/error.hpp>
#include <reshard/exec/element_stage.hpp>
#include <reshard/tensor/half.hpp>

#include <atomic>

namespace reshard {
inline namespace v1 {

/// How many finite values have become infinite. Shared by the stages of a job.
struct overflow_count {
  std::atomic<std::uint64_t> elements{0};
  bool is_error = false;
};

namespace detail {
[[noreturn]] inline void finite_values_become_infinite(std::string const& tensor, dtype from,
                                                       dtype to) {
  throw checkpoint_error{errc::finite_values_become_infinite, __func__,
                         "tensor '" + tensor + "' has finite values of " +
                             std::string{name_of(from)} + " that are infinite in " +
                             std::string{name_of(to)}};
}

/// Calls sink(index of the first element, elements) for the rows of a box.
template <class Sink> void for_each_row(box const& what, Sink const& sink) {
  std::size_t const rank = what.rank();
  if (what.elements() == 0) return;
  grid_index at = what.offset();
  if (rank == 0) return sink(static_cast<grid_index const&>(at), index_t{1});
  for (;;) {
    sink(static_cast<grid_index const&>(at), what.extent()[rank - 1]);
    std::size_t d = rank - 1;
    for (; d-- > 0;) {
      if (++at[d] < what[d].end()) break;
      at[d] = what[d].offset;
    }
    if (d == SIZE_MAX) return;
  }
}
}  // namespace detail

/// Elements of one real type as another one: rounded once, to the nearest, to even at a tie.
/// Subnormal numbers are kept, what is too large becomes infinite and is counted.
///   throws: checkpoint_error finite_values_become_infinite if the count is an error
///   source: the bit vectors of float16 and bfloat16 casts (A4)
class cast_stage {
 public:
  cast_stage(std::string tensor, dtype from, dtype to, std::shared_ptr<overflow_count> overflows)
      : tensor_(std::move(tensor)), from_(from), to_(to), overflows_(std::move(overflows)) {
    for (dtype const type : {from, to})
      if (!is_real(type)) detail::type_is_not_real(type);
  }

  [[nodiscard]] stage_items items() const { return {item_bytes(from_), item_bytes(to_)}; }
  [[nodiscard]] grid_index grain(extents const& shape) const { return grid_index(shape.rank(), 1); }
  [[nodiscard]] inplace_vector<tensor_dim, max_rank> whole_dims(extents const&) const { return {}; }
  [[nodiscard]] std::vector<box> operands(extents const&, box const&) const { return {}; }
  [[nodiscard]] std::size_t scratch_bytes(box const&) const { return 0; }

  void apply(stage_call const& call) const {
    detail::for_each_row(call.in.where, [&](grid_index const& at, index_t n) {
      std::byte const* from = call.in.at(at, item_bytes(from_));
      std::byte* to = call.out.at(at, item_bytes(to_));
      for (auto left = static_cast<std::size_t>(n); left > 0;) {
        std::size_t const some = std::min(left, block);
        cast(from, some, to);
        from += some * item_bytes(from_);
        to += some * item_bytes(to_);
        left -= some;
      }
    });
  }

 private:
  static constexpr std::size_t block = 512;

  void cast(std::byte const* from, std::size_t n, std::byte* to) const {
    bool finite = true;
    if (from_ == dtype::float64) {
      double numbers[block];
      read_numbers(from_, from, n, numbers);
      finite = write_numbers(to_, numbers, n, to);
    } else {
      float numbers[block];
      read_numbers(from_, from, n, numbers);
      finite = write_numbers(to_, numbers, n, to);
    }
    if (finite) return;
    for (std::size_t i = first_not_finite(to_, to, n); i < n; ++i)
      if (is_infinite(to_, to + i * item_bytes(to_)) &&
          !is_infinite(from_, from + i * item_bytes(from_)))
        count();
  }
  static bool is_infinite(dtype type, std::byte const* at) {
    double x = 0;
    read_numbers(type, at, 1, &x);
    return std::isinf(x);
  }
  void count() const {
    if (overflows_->is_error) detail::finite_values_become_infinite(tensor_, from_, to_);
    overflows_->elements.fetch_add(1, std::memory_order_relaxed);
  }

  std::string tensor_;
  dtype from_;
  dtype to_;
  std::shared_ptr<overflow_count> overflows_;
};

}  // namespace v1
}  // namespace reshard
