// How long plans take, of one tensor and of whole models, without moving a byte; and the
// certificate that they move nothing in vain: a plan that receives more than the lower bound makes
// this program fail.

#include <reshard/algebra.hpp>
#include <reshard/benchmarking/plan_benchmarks.hpp>
#include <reshard/plan/relabelling.hpp>
#include <reshard/testing/random_layouts.hpp>

#include <sys/resource.h>

#include <iostream>
#include <map>

#include "model_tensors.hpp"

using namespace reshard;

namespace {

/// A layout whose device d is rank first + d * stride.
struct placement {
  layout where;
  index_t first = 0;
  index_t stride = 1;

  [[nodiscard]] index_t rank(index_t device) const { return first + device * stride; }
  [[nodiscard]] index_t device(index_t rank) const {
    index_t const from_first = rank - first;
    if (from_first < 0 || from_first % stride != 0) return nobody;
    return from_first / stride < where.devices().devices() ? from_first / stride : nobody;
  }
};

struct pair {
  placement from;
  placement to;
};

/// Every destination takes what it holds from itself, although its device has another number.
struct same_rank {
  pair const& ends;

  index_t operator()(part_holders const& holders, part_index const& part, grid_index const&,
                     destination_device at) const {
    index_t const self = ends.from.device(ends.to.rank(at.device));
    return serving_holder(holders, part, self, all_present{});
  }
};

/// The plan of a tensor for all ranks; what crosses between ranks.
plan_cost plan(pair const& ends) {
  plan_cost sum;
  auto const add = [&](transfer const& t) {
    ++sum.transfers;
    if (ends.from.rank(t.source) != ends.to.rank(t.destination)) sum.received += t.elements();
  };
  if (ends.from.first == ends.to.first && ends.from.stride == ends.to.stride)
    for_each_transfer(ends.from.where, ends.to.where, add);
  else
    for_each_transfer(ends.from.where, ends.to.where, add, same_rank{ends});
  return sum;
}

/// What the destinations lack, one by one: not from the walk that makes the plan.
index_t lower_bound(pair const& ends) {
  index_t sum = 0;
  for (index_t device = 0; device < ends.to.where.devices().devices(); ++device)
    sum += lacking_elements(ends.from.where, ends.to.where,
                            {device, ends.from.device(ends.to.rank(device))});
  return sum;
}

int uncertified = 0;  // plans that move something in vain

/// Tells what a plan moves beside its time, and fails if that is more than the bound.
void certify(benchmark::State& state, plan_cost const& sum) {
  state.counters["transfers"] = static_cast<double>(sum.transfers);
  state.counters["received"] = static_cast<double>(sum.received);
  state.counters["received_over_bound"] = sum.ratio();
  if (sum.received == sum.lower_bound) return;
  ++uncertified;
  state.SkipWithError("the plan moves more than the destinations lack");
}

void one_tensor(benchmark::State& state, layout const& from, layout const& to) {
  pair const ends{{from}, {to}};
  plan_cost sum;
  for (auto _ : state) benchmark::DoNotOptimize(sum = plan(ends));
  sum.lower_bound = lower_bound(ends);
  certify(state, sum);
}

/// How a model is spread over ranks: which ranks hold a tensor, and how.
using spread = placement (*)(models::model const&, models::tensor const&);

double peak_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

double elements_of(models::model const& model) {
  double sum = 0;
  for (models::tensor const& t : model.tensors) sum += static_cast<double>(t.shape.elements());
  return sum;
}

/// Layouts made and planned tensor by tensor, all ranks, nothing reused between equal tensors.
void whole_model(benchmark::State& state, models::model (*make)(), spread from, spread to) {
  models::model const model = make();
  plan_cost sum;
  for (auto _ : state) {
    sum = {};
    for (models::tensor const& t : model.tensors) sum += plan({from(model, t), to(model, t)});
    benchmark::DoNotOptimize(sum);
  }
  state.counters["tensors"] = static_cast<double>(model.tensors.size());
  state.counters["elements"] = elements_of(model);
  state.counters["peak_MiB"] = peak_mib();
  std::map<std::string, index_t> known;  // tensors of equal layouts have equal bounds
  for (models::tensor const& t : model.tensors) {
    pair const ends{from(model, t), to(model, t)};
    std::string key;
    print(key, ends.from.where);
    print(key, ends.to.where);
    for (index_t const n : {ends.from.first - ends.to.first, ends.from.stride, ends.to.stride})
      key += " " + std::to_string(n);
    auto const [at, added] = known.try_emplace(key, 0);
    if (added) at->second = lower_bound(ends);
    sum.lower_bound += at->second;
  }
  state.counters["distinct"] = static_cast<double>(known.size());
  certify(state, sum);
}

/// torch's FSDP: rows over all ranks, by torch.chunk.
layout by_rows(index_t ranks, extents const& shape) {
  device_matrix const devices{ranks};
  tensor_map map;
  map.append(devices, {devices.axis(0)}, tail_rule::ceil);
  while (map.size() < shape.rank()) map.append(devices, {});
  return {devices, map, shape};
}
template <index_t Ranks> placement fsdp(models::model const&, models::tensor const& t) {
  return {by_rows(Ranks, t.shape)};
}

/// Tensor parallelism, what is replicated cut once more over dim 0: MindSpore's optimizer shard.
layout sharded(device_matrix const& devices, models::cut_by parallel, extents const& shape) {
  tensor_map map;
  for (std::size_t d = 0; d < shape.rank(); ++d) {
    bool const cut = parallel != models::cut_by::nothing &&
                     d == (parallel == models::cut_by::rows ? std::size_t{0} : shape.rank() - 1);
    map.append(devices, cut ? axis_list{devices.axis(0)} : axis_list{});
  }
  return {devices, with_optimizer_shard(devices, map, all_replicas, tensor_dim{0}, tail_rule::ceil),
          shape};
}
/// Dp x Tp within each of Pp pipeline stages.
template <index_t Pp, index_t Dp, index_t Tp>
placement staged(models::model const& model, models::tensor const& t) {
  index_t const layer = std::clamp<index_t>(t.layer, 0, model.layers - 1);
  index_t const stage = layer * Pp / model.layers;
  return {sharded({Dp, Tp}, t.parallel, t.shape), stage * Dp * Tp};
}
/// The same for a mixture of experts without tensor parallelism: Ep groups of the ranks of a stage
/// share the experts out; their copies, and the other tensors, are cut over dim 0.
template <index_t Pp, index_t Dp, index_t Ep>
placement staged_experts(models::model const& model, models::tensor const& t) {
  placement out = staged<Pp, Dp * Ep, 1>(model, t);
  if (t.expert < 0) return out;
  out.where = sharded({Dp, 1}, t.parallel, t.shape);
  out.first += t.expert * Ep / 256;
  out.stride = Ep;
  return out;
}

/// Random pairs from a seed that is told: up to 24 devices, any rule.
void random_pairs(benchmark::State& state) {
  unsigned const seed = std::random_device{}();
  testing::random_layouts random{seed};
  testing::generator_options limits;
  limits.extent = 60;
  std::vector<pair> pairs(1000);
  for (pair& p : pairs) {
    auto const ends = testing::random_case<2>(random, limits);
    p = {{testing::to_layout(ends[0])}, {testing::to_layout(ends[1])}};
  }
  plan_cost sum;
  for (auto _ : state) {
    sum = {};
    for (pair const& p : pairs) sum += plan(p);
    benchmark::DoNotOptimize(sum);
  }
  sum.lower_bound = 0;
  for (pair const& p : pairs) {
    plan_cost one = plan(p);
    one.lower_bound = lower_bound(p);
    sum.lower_bound += one.lower_bound;
    if (one.received != one.lower_bound) certify(state, one);
  }
  certify(state, sum);
  state.SetLabel("seed " + std::to_string(seed));
}

/// The names that leave most in place, on as many devices.
void relabelling_of(benchmark::State& state, layout const& from, layout const& to) {
  relabelling<std::vector<index_t>> best;
  for (auto _ : state) best = best_relabelling<std::vector<index_t>>(from, to);
  state.counters["kept"] = static_cast<double>(best.kept) / static_cast<double>(best.total);
}

void add_tensor(char const* name, layout const& from, layout const& to) {
  benchmark::RegisterBenchmark((std::string{"tensor/"} + name).c_str(), one_tensor, from, to)
      ->Unit(benchmark::kMicrosecond);
}
layout grid_of(device_matrix const& devices, cut_rule const& rule, extents const& shape) {
  return {devices, plain_map(devices, {1, 0}, rule), shape};
}

void add_all() {
  extents const square{8192, 8192};
  extents const embedding{128256, 8192};
  add_tensor("rows/1024_to_768", by_rows(1024, square), by_rows(768, square));
  add_tensor("dp16_tp8_pp8_to_dp24_tp8_pp4", sharded({16, 8}, models::cut_by::rows, square),
             sharded({24, 8}, models::cut_by::rows, square));
  add_tensor("dp128_tp8_to_dp96_tp8", sharded({128, 8}, models::cut_by::columns, embedding),
             sharded({96, 8}, models::cut_by::columns, embedding));
  add_tensor("uneven/1024_to_768", by_rows(1024, {8191, 3}),
             grid_of({768, 1}, tail_rule::balanced, {8191, 3}));
  add_tensor("blocks/32x32_to_48x16", grid_of({32, 32}, tail_rule::balanced, square),
             grid_of({48, 16}, tail_rule::balanced, square));
  auto const add_model = [](char const* name, auto... rest) {
    benchmark::RegisterBenchmark((std::string{"model/"} + name).c_str(), whole_model, rest...)
        ->Unit(benchmark::kMillisecond);
  };
  add_model("llama_3_1_70b/rows/1024_to_768", models::llama_3_1_70b, fsdp<1024>, fsdp<768>);
  add_model("llama_3_1_70b/dp16_tp8_pp8_to_dp24_tp8_pp4", models::llama_3_1_70b, staged<8, 16, 8>,
            staged<4, 24, 8>);
  add_model("deepseek_v3/rows/2048_to_1024", models::deepseek_v3::tensors, fsdp<2048>, fsdp<1024>);
  add_model("deepseek_v3/pp16_ep64_dp2_to_pp8_ep32_dp4", models::deepseek_v3::tensors,
            staged_experts<16, 2, 64>, staged_experts<8, 4, 32>);
  benchmark::RegisterBenchmark("random_pairs/1000", random_pairs)->Unit(benchmark::kMicrosecond);
  auto const add_relabelling = [](char const* name, layout const& from, layout const& to) {
    benchmark::RegisterBenchmark((std::string{"relabelling/"} + name).c_str(), relabelling_of, from,
                                 to)
        ->Unit(benchmark::kMillisecond);
  };
  extents const odd{8191, 8191};
  add_relabelling("32x32_to_16x64", grid_of({32, 32}, tail_rule::balanced, odd),
                  grid_of({16, 64}, tail_rule::ceil, odd));
  add_relabelling("rows_to_columns", grid_of({1024, 1}, tail_rule::balanced, odd),
                  grid_of({1, 1024}, tail_rule::balanced, odd));
  add_relabelling("cyclic", grid_of({32, 32}, cut_rule::cyclic(96), odd),
                  grid_of({16, 64}, cut_rule::cyclic(80), odd));
  extents const blocks{8000, 8000};
  benchmarking::register_plan({"block_cyclic", grid_of({2, 2}, cut_rule::cyclic(128), blocks),
                               grid_of({1, 4}, cut_rule::cyclic(96), blocks), dtype::float64});
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  add_all();
  benchmark::RunSpecifiedBenchmarks();
  if (uncertified != 0) std::cerr << uncertified << " plans move more than the lower bound\n";
  return uncertified == 0 ? 0 : 1;
}
