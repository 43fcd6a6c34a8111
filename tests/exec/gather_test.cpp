#include <reshard/exec/gather.hpp>

#include "mover_case.hpp"

namespace gather_test {

using namespace reshard;
using namespace mover_case;

namespace {

/// A view problem: shapes of the stored tensors, shape of the target, terms.
struct view_case {
  std::string name;
  std::vector<extents> stored;
  extents target;
  std::vector<view_term> terms;
};

view_case concat_of_two() {
  return {"concat",
          {{3, 8}, {5, 8}},
          {8, 8},
          {{0, {grid_box{box{{0, 0}, {3, 8}}}, grid_box{extents{3, 8}}}},
           {1, {grid_box{box{{3, 0}, {5, 8}}}, grid_box{extents{5, 8}}}}}};
}

view_case stack_of_experts() {
  view_case out{"stack", {}, {3, 4, 5}, {}};
  for (index_t e = 0; e < 3; ++e) {
    out.stored.push_back({4, 5});
    out.terms.push_back({static_cast<std::size_t>(e),
                         {grid_box{box{{e, 0, 0}, {1, 4, 5}}}, grid_box{extents{4, 5}}, {1, 2}}});
  }
  return out;
}

/// One expert out of a stacked tensor.
view_case unstacked() {
  return {
      "unstack",
      {{3, 4, 6}},
      {4, 6},
      {{0,
        {grid_box{extents{4, 6}}, grid_box{box{{1, 0, 0}, {1, 4, 6}}}, {box_view::fixed, 0, 1}}}}};
}

view_case gate_and_up() {
  grid const pairs{{12, 7}, {{6, 2}, {7}}};
  view_case out{"interleave", {{6, 7}, {6, 7}}, {12, 7}, {}};
  for (index_t which = 0; which < 2; ++which)
    out.terms.push_back({static_cast<std::size_t>(which),
                         {grid_box{box{extents{12, 7}}, pairs, {{0, which, 0}, {6, 1, 7}}},
                          grid_box{extents{6, 7}},
                          {0, 2}}});
  return out;
}

/// The columns of one of two interleaved tensors.
view_case deinterleaved_columns() {
  grid const pairs{{5, 12}, {{5}, {6, 2}}};
  return {"deinterleave columns",
          {{5, 12}},
          {5, 6},
          {{0,
            {grid_box{extents{5, 6}},
             grid_box{box{extents{5, 12}}, pairs, {{0, 0, 1}, {5, 6, 1}}},
             {0, 1, box_view::fixed}}}}};
}

view_case transposed() {
  return {"transpose",
          {{9, 14}},
          {14, 9},
          {{0, {grid_box{extents{14, 9}}, grid_box{extents{9, 14}}, {1, 0}}}}};
}

/// Heads of 4 rows whose even and odd rows are put apart.
view_case permuted_heads() {
  return {
      "heads",
      {{12, 5}},
      {12, 5},
      {{0,
        {{box{extents{12, 5}}, grid{{12, 5}, {{3, 2, 2}, {5}}}, box{{0, 0, 0, 0}, {3, 2, 2, 5}}},
         {box{extents{12, 5}}, grid{{12, 5}, {{3, 2, 2}, {5}}}, box{{0, 0, 0, 0}, {3, 2, 2, 5}}},
         {0, 2, 1, 3}}}}};
}

/// Three dims in the opposite order, from a slice, behind a plain part.
view_case mixed() {
  return {"mixed",
          {{4, 6, 5}, {3, 2, 4}},
          {7, 6, 4},
          {{0, {grid_box{box{{2, 0, 0}, {5, 6, 4}}}, grid_box{extents{4, 6, 5}}, {2, 1, 0}}},
           {1, {grid_box{box{{0, 0, 0}, {2, 3, 4}}}, grid_box{extents{3, 2, 4}}, {1, 0, 2}}},
           {1, {grid_box{box{{0, 3, 0}, {2, 3, 4}}}, grid_box{extents{3, 2, 4}}, {1, 0, 2}}}}};
}

template <class T> void run_case(view_case const& c, index_t from, index_t to, std::size_t dims) {
  for (std::size_t const unit_bytes : {std::size_t{24}, std::size_t{200}, std::size_t{1} << 20})
    for (std::size_t const workers : {1U, 3U}) {
      INFO(c.name << ", " << from << " -> " << to << " ranks, dim " << dims << ", units of "
                  << unit_bytes << ", " << workers << " workers");
      folder const dir;
      job<T> j{dir.path};
      std::vector<std::size_t> all;
      for (extents const& shape : c.stored)
        all.push_back(j.store(cut_along(dims % shape.rank(), from, shape)));
      layout const where = cut_along((dims + 1) % c.target.rank(), to, c.target);
      file_move const move{
          "w", j.source(c.target, all, c.terms), {}, {j.template target<T>(where)}};
      mover_report const done = j.run(move, {unit_bytes, std::size_t{1} << 20}, workers);
      CHECK(done.written_bytes == sizeof(T) * static_cast<std::size_t>(c.target.elements()));
      j.template check<T>(
          0, [&](grid_index const& at) { return job<T>::viewed(c.terms, c.stored, at); });
    }
}
}  // namespace

TEST_CASE("views are gathered as their terms say, whatever the layouts, units and workers",
          "[gather]") {
  for (view_case const& c : {concat_of_two(), stack_of_experts(), unstacked(), gate_and_up(),
                             deinterleaved_columns(), transposed(), permuted_heads(), mixed()})
    for (index_t from = 1; from <= 3; ++from)
      for (index_t to = 1; to <= 3; ++to)
        for (std::size_t dim = 0; dim < 3; ++dim) run_case<std::int32_t>(c, from, to, dim);
}

TEST_CASE("items of every size are turned", "[gather]") {
  run_case<std::int8_t>(transposed(), 2, 3, 0);
  run_case<std::int16_t>(transposed(), 2, 3, 1);
  run_case<std::int64_t>(transposed(), 3, 2, 0);
  run_case<std::int64_t>(permuted_heads(), 3, 2, 1);
}

TEST_CASE("a view reads every byte once, gaps below a page apart", "[gather]") {
  for (view_case const& c : {concat_of_two(), stack_of_experts(), gate_and_up(), transposed()}) {
    INFO(c.name);
    folder const dir;
    job<std::int32_t> j{dir.path};
    std::vector<std::size_t> all;
    for (extents const& shape : c.stored) all.push_back(j.store(whole(shape)));
    file_move const move{
        "w", j.source(c.target, all, c.terms), {}, {j.target<std::int32_t>(whole(c.target))}};
    CHECK(j.run(move, {}, 1).read_bytes == 4 * static_cast<std::size_t>(c.target.elements()));
  }
}

}  // namespace gather_test
