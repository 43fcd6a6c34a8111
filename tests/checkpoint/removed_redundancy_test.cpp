#include <reshard/checkpoint/removed_redundancy.hpp>

#include "weights_by_hand.hpp"

#include <random>

namespace removed_redundancy_test {

using namespace by_hand;

namespace {

/// Ranks by rank: what each stores.
using rank_contents = std::map<index_t, std::vector<stored>>;

/// A model, its layouts, and what each rank stores of it.
struct scattered_model {
  strategy layouts;
  std::map<std::string, numbers> whole;
  rank_contents ranks;
  /// The ranks that store the same part of a parameter, for every part.
  std::vector<std::pair<std::string, std::vector<index_t>>> groups;
};

/// Makes random models, layouts and choices of who keeps what.
class random_models {
 public:
  explicit random_models(unsigned seed) : random_(seed) {}

  index_t below(index_t n) {
    return static_cast<index_t>(random_() % static_cast<std::uint64_t>(n));
  }

  scattered_model make() {
    scattered_model out;
    index_t const stages = 1 + below(3);
    devices_.clear();
    count_ = 1;
    for (index_t const size : {1 + below(3), 1 + below(4), 1 + below(2)}) {
      if (count_ * size * stages > 24) continue;
      devices_.push_back(size);
      count_ *= size;
    }
    for (index_t stage = 0; stage < stages; ++stage)
      for (index_t i = 0; i < 3; ++i) add(out, stage, "s" + std::to_string(stage));
    out.layouts.merged = stages > 1;
    for (index_t rank = 0; rank < stages * count_; ++rank)  // in no strategy: on every rank
      out.ranks[rank].push_back({"step", {}, {42}});
    out.whole.emplace("step", numbers{42});
    return out;
  }

  /// Leaves every part with at least one of the ranks that store it.
  ///   style: 0 as MindSpore does, in turn by name; 1 whoever has the fewest values; 2 anyhow
  void remove(scattered_model& model, int style) {
    std::map<std::vector<index_t>, std::size_t> turn;
    std::map<index_t, std::size_t> load;
    std::sort(model.groups.begin(), model.groups.end());
    for (auto const& [name, group] : model.groups) {
      std::set<index_t> keep;
      if (style == 0) keep = {group[turn[group]++ % group.size()]};
      if (style == 1)
        keep = {*std::min_element(group.begin(), group.end(), [&](index_t a, index_t b) {
          return std::pair{load[a], a} < std::pair{load[b], b};
        })};
      while (keep.empty())
        for (index_t const rank : group)
          if (below(2) == 0) keep.insert(rank);
      for (index_t const rank : group) {
        if (keep.contains(rank))
          load[rank] += stored_in(model, rank, name).values.size();
        else
          erase(model, rank, name);
      }
    }
  }

  static void erase(scattered_model& model, index_t rank, std::string const& name) {
    std::erase_if(model.ranks[rank], [&](stored const& t) { return t.name == name; });
  }

 private:
  static stored const& stored_in(scattered_model const& model, index_t rank,
                                 std::string const& name) {
    for (stored const& t : model.ranks.at(rank))
      if (t.name == name) return t;
    throw std::logic_error{"not stored"};
  }

  /// A parameter with a random map of at most two dims.
  void add(scattered_model& out, index_t stage, std::string const& prefix) {
    std::string const name = prefix + ".p" + std::to_string(out.whole.size());
    std::vector<index_t> free(devices_.size());  // axes counted from the right
    std::iota(free.begin(), free.end(), 0);
    std::shuffle(free.begin(), free.end(), random_);
    auto const rank = static_cast<std::size_t>(below(3));
    std::vector<std::vector<index_t>> map(rank);
    std::vector<index_t> shape;
    bool const uneven = below(3) == 0;
    for (std::size_t d = 0; d < rank; ++d) {
      index_t parts = 1;
      for (index_t axes = below(uneven ? 2 : 3); axes > 0 && !free.empty(); --axes) {
        map[d].push_back(free.back());
        parts *= devices_[devices_.size() - 1 - static_cast<std::size_t>(free.back())];
        free.pop_back();
      }
      shape.push_back(uneven ? parts + below(7) : parts * (1 + below(3)));
    }
    parameter_layout p = parameter(name, devices_, map, stage);
    if (!uneven && rank > 0 && below(2) == 0) shard_optimizer(p, shape);
    add_slices(out, p, shape,
               uneven ? (below(2) == 0 ? tail_rule::ceil : tail_rule::balanced) : tail_rule::exact);
  }

  /// Cuts the first dim over all replicas, or half of them.
  void shard_optimizer(parameter_layout& p, std::vector<index_t>& shape) {
    std::vector<index_t> const group = replicas(p, 0);
    auto const all = static_cast<index_t>(group.size());
    if (all == 1) return;
    index_t const step = group[1] - group[0];
    p = sharded(p, step, all % 2 == 0 && below(2) == 0 ? all / 2 : -1);
    shape[0] *= p.opt_weight_shard_size < 0 ? all : p.opt_weight_shard_size;
  }

  void add_slices(scattered_model& out, parameter_layout const& p,
                  std::vector<index_t> const& shape, tail_rule tail) {
    index_t n = 1;
    for (index_t const size : shape) n *= size;
    stored const whole{p.name, shape, counted(n, static_cast<int>(1000 * out.whole.size()))};
    out.whole.emplace(p.name, whole.values);
    out.layouts.parameters.push_back(p);
    std::map<numbers, std::vector<index_t>> same;
    for (index_t local = 0; local < count_; ++local) {
      index_t const rank = p.stage * count_ + local;
      stored const part = slice_of(whole, p, local, tail);
      out.ranks[rank].push_back(part);
      if (!part.values.empty()) same[part.values].push_back(rank);
    }
    for (auto const& [values, ranks] : same) out.groups.emplace_back(p.name, ranks);
  }

  std::mt19937 random_;
  std::vector<index_t> devices_;
  index_t count_ = 1;  // devices of a stage
};

void write_ranks(scattered_model const& model, std::string const& dir, bool marked) {
  for (auto const& [rank, tensors] : model.ranks)
    write_weights(dir + "/rank_" + std::to_string(rank) + "/m.safetensors", tensors,
                  marked ? R"({"remove_redundancy":"True"})" : "");
}

/// Everything that is in a folder of ranks, as complete weights.
std::map<std::string, numbers> merged(scattered_model const& model, std::string const& dir) {
  catalog const source = open_ranks(dir, model.layouts, all_formats());
  require_parameters(source, model.layouts);
  conversion_plan plan;
  for (tensor_route& route : lay_out(source, nullptr).routes)
    plan.tensors.push_back(planned(source, std::move(route)));
  folder const out;
  weight_files files = plan_unified_files(plan.tensors, {out.path, safetensors_format, {}, 100});
  plan.files = std::move(files.files);
  plan.files.push_back(
      text_file(files.index_path, weight_index_json(*files.index, mindspore_style)));
  convert_options options;
  options.memory_bytes = std::size_t{1} << 20;
  options.output.durable = false;
  conversion work{std::move(plan), options};
  work.run();
  return values_of(opened_weights(out.path));
}
}  // namespace

TEST_CASE("whoever keeps a part, merging gives the model", "[removed_redundancy]") {
  auto const seed = std::random_device{}();
  INFO("seed " << seed);
  random_models models{seed};
  for (int i = 0; i < 24; ++i) {
    scattered_model model = models.make();
    CAPTURE(i, model.ranks.size());
    if (i % 4 != 3) models.remove(model, i % 4);
    folder const work;
    write_ranks(model, work.path, i % 2 == 0);
    CHECK(merged(model, work.path) == model.whole);
  }
}

TEST_CASE("a part that nobody has is an error", "[removed_redundancy]") {
  auto const seed = std::random_device{}();
  INFO("seed " << seed);
  random_models models{seed};
  for (int i = 0; i < 24; ++i) {
    scattered_model model = models.make();
    models.remove(model, i % 3);
    auto const& [name, group] = model.groups[static_cast<std::size_t>(
        models.below(static_cast<index_t>(model.groups.size())))];
    for (index_t const rank : group) random_models::erase(model, rank, name);
    CAPTURE(i, name, group);
    folder const work;
    write_ranks(model, work.path, i % 2 == 0);
    checkpoint_error const e = error_of([&] { (void)merged(model, work.path); });
    CHECK(e.code() == errc::checkpoint_is_incomplete);
    CHECK_THAT(e.what(), Catch::Contains(name));
  }
}

TEST_CASE("what files say and what they hold", "[removed_redundancy]") {
  folder const work;
  strategy const s = strategy_of({parameter("a", {2}, {{}}), parameter("b", {2}, {{0}})});
  stored const a{"a", {2}, counted(2)};
  auto const rank = [&](int r) {
    return work.path + "/rank_" + std::to_string(r) + "/m.safetensors";
  };
  auto const facts = [&] { return redundancy_of(open_ranks(work.path, s, all_formats())); };
  write_weights(rank(0), {a, {"b", {1}, {5}}}, R"({"remove_redundancy":"False"})");
  write_weights(rank(1), {a, {"b", {1}, {6}}});
  CHECK(facts().says_kept());
  CHECK_FALSE(facts().says_removed());
  CHECK_FALSE(facts().was_removed());
  write_weights(rank(1), {{"b", {1}, {6}}}, R"({"remove_redundancy":"True"})");
  CHECK(facts().says_removed());
  CHECK(facts().lacking == std::map<index_t, std::string>{{1, "a"}});
  std::filesystem::remove_all(work.path + "/rank_1");
  CHECK_FALSE(facts().was_removed());  // a rank without a file lacks nothing that it says
}

TEST_CASE("an absent parameter is an error, an optimizer that was not saved is none",
          "[removed_redundancy]") {
  folder const work;
  strategy s = strategy_of({parameter("net.a", {2}, {{}}), parameter("adam_m.net.a", {2}, {{}}),
                            parameter("b", {2}, {{}})});
  write_weights(work.path + "/rank_0/m.safetensors", {{"net.a", {1}, {1}}, {"b", {1}, {2}}});
  auto const opened = [&] { return open_ranks(work.path, s, all_formats()); };
  require_parameters(opened(), s);
  s.parameters.push_back(parameter("adam_m.b", {2}, {{}}));
  write_weights(work.path + "/rank_0/m.safetensors", {{"net.a", {1}, {1}}, {"adam_m.b", {1}, {1}}});
  checkpoint_error const e = error_of([&] { require_parameters(opened(), s); });
  CHECK(e.code() == errc::checkpoint_is_incomplete);
  CHECK_THAT(e.what(), Catch::Contains("adam_m.net.a, b: ranks 0, 1 should hold it: looked at rank "
                                       "0; there is no file of rank 1"));
  CHECK_THROWS(require_parameters(opened(), s, absence_rule::of_lost_ranks));
  write_weights(work.path + "/rank_1/m.safetensors", {{"net.a", {1}, {1}}});
  CHECK_NOTHROW(require_parameters(opened(), s, absence_rule::of_lost_ranks));
}

}  // namespace removed_redundancy_test
