#pragma once

#include <reshard/algebra/box_view.hpp>
#include <reshard/checkpoint/tensor_pieces.hpp>

namespace reshard {
inline namespace v1 {

/// A tensor that is made of views on stored ones. For checks: looked up run by run with nothing but
/// the algebra of views.
class viewed_tensor {
 public:
  /// terms: none = it is the first stored tensor as it is
  viewed_tensor(std::vector<tensor_pieces> stored, std::vector<view_term> terms,
                std::size_t item_bytes)
      : stored_(std::move(stored)), terms_(std::move(terms)), item_(item_bytes) {}

  [[nodiscard]] std::vector<tensor_pieces>& stored() noexcept { return stored_; }
  /// It is the first stored tensor as it is.
  [[nodiscard]] bool is_stored() const noexcept { return terms_.empty(); }

  /// As tensor_pieces::fill.
  index_t fill(box const& what, memory_box const& to, tensor_reader& reader) {
    if (terms_.empty()) return stored_.front().fill(what, to, reader);
    index_t filled = 0;
    for (view_term const& t : terms_)
      for_each_factored_box(t.view.to(), what, [&](box const& part) {
        box const from = t.view.from_part(part);
        filled += fill_rows(t, part, from, 0, from, to, reader);
      });
    return filled;
  }

 private:
  static constexpr index_t most_run = index_t{1} << 18;  // elements

  /// Goes through the sub-dims of the stored tensor from the slowest on, until the rest lies in one
  /// short run of its last dim.
  index_t fill_rows(view_term const& t, box const& part, box const& from, std::size_t sub_dim,
                    box one, memory_box const& to, tensor_reader& reader) {
    grid const& over = t.view.from().over();
    bool const in_last_dim = over.dims() == 0 || sub_dim >= over.first(over.dims() - 1);
    if (sub_dim == over.size() || (in_last_dim && span_of(t, one) <= most_run))
      return fill_run(t, part, from, one, to, reader);
    index_t filled = 0;
    for (index_t i = 0; i < from.extent()[sub_dim]; ++i) {
      one.offset_[sub_dim] = from.offset()[sub_dim] + i;
      one.extent_[sub_dim] = 1;
      filled += fill_rows(t, part, from, sub_dim + 1, one, to, reader);
    }
    return filled;
  }

  /// Indices of the last dim from the first to the last element.
  static index_t span_of(view_term const& t, box const& one) {
    grid_box const& from = t.view.from();
    std::size_t const d = from.over().dims() - 1;
    index_t span = 1;
    for (std::size_t i = 0; i < from.over().sub_dims(d); ++i)
      span += (one.extent()[from.over().first(d) + i] - 1) * from.product_of(d, i + 1);
    return span;
  }
  /// The first element of a box of sub-dims, per dim of the stored tensor.
  static grid_index first_of(grid_box const& of, box const& one) {
    grid_index at = of.region().offset();
    for (std::size_t d = 0, s = 0; d < of.over().dims(); ++d)
      for (std::size_t i = 0; i < of.over().sub_dims(d); ++i, ++s)
        at[d] += one.offset()[s] * of.product_of(d, i + 1);
    return at;
  }

  index_t fill_run(view_term const& t, box const& part, box const& from, box const& one,
                   memory_box const& to, tensor_reader& reader) {
    box run{first_of(t.view.from(), one), grid_index(t.view.from().over().dims(), 1)};
    if (run.rank() > 0) run.extent_[run.rank() - 1] = span_of(t, one);
    run_.resize(std::max(run_.size(), static_cast<std::size_t>(run.elements()) * item_));
    index_t const held = stored_[t.stored].fill(run, {run_.data(), run}, reader);
    std::byte* at = to.at(first_of(t.view.to(), part), item_);
    copy_strided(at + offset_in(t, from, one, to), run_.data(), steps(t, one, to), item_);
    return held < run.elements() ? 0 : one.elements();
  }

  /// Bytes of memory that one step along sub-dim s of the view's target is.
  [[nodiscard]] index_t step_in(box_view const& view, std::size_t s, memory_box const& to) const {
    grid_index const stride = row_major_strides(to.where.extent());
    std::size_t d = 0;
    while (view.to().over().first(d) + view.to().over().sub_dims(d) <= s) ++d;
    return view.to().product_of(d, s - view.to().over().first(d) + 1) * stride[d] *
           static_cast<index_t>(item_);
  }
  /// Bytes from the first element of the part to that of one run of it.
  [[nodiscard]] std::ptrdiff_t offset_in(view_term const& t, box const& from, box const& one,
                                         memory_box const& to) const {
    std::ptrdiff_t sum = 0;
    for (std::size_t s = 0; s < one.rank(); ++s)
      if (t.view.along()[s] != box_view::fixed)
        sum += (one.offset()[s] - from.offset()[s]) * step_in(t.view, t.view.along()[s], to);
    return sum;
  }
  [[nodiscard]] copy_dims steps(view_term const& t, box const& one, memory_box const& to) const {
    copy_dims out;
    grid_box const& from = t.view.from();
    if (from.over().dims() == 0) return out;
    std::size_t const last = from.over().dims() - 1;
    for (std::size_t s = from.over().first(last); s < one.rank(); ++s) {
      if (t.view.along()[s] == box_view::fixed) continue;
      out.push_back(
          {one.extent()[s], step_in(t.view, t.view.along()[s], to),
           from.product_of(last, s - from.over().first(last) + 1) * static_cast<index_t>(item_)});
    }
    return out;
  }

  std::vector<tensor_pieces> stored_;
  std::vector<view_term> terms_;
  std::size_t item_;
  std::vector<std::byte> run_;
};

}  // namespace v1
}  // namespace reshard
