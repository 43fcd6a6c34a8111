#include <reshard/checkpoint/conversion_plan.hpp>

#include <catch2/catch.hpp>

#include <random>

namespace conversion_plan_test {

using namespace reshard;

namespace {
std::mt19937 dice{20261126};
index_t roll(index_t least, index_t most) {
  return std::uniform_int_distribution{least, most}(dice);
}

/// Tensors on random blocks of ranks, some of which overlap.
destination_layout random_destination() {
  destination_layout out{roll(1, 12), 1, {}, {}};
  for (index_t t = roll(0, 4); t > 0; --t) {
    tensor_route route{{"t" + std::to_string(t), dtype::uint8, {2}, false, {}}, {}};
    route.to = route.from;
    for (index_t p = roll(1, 3); p > 0; --p) {
      index_t const first = roll(0, out.ranks - 1);
      route.to.placements.push_back(detail::everywhere({2}, roll(1, out.ranks - first), first));
    }
    out.routes.push_back(std::move(route));
  }
  return out;
}
using entry = std::tuple<std::size_t, std::size_t, index_t>;
std::vector<entry> entries_of(planned_file const& file) {
  std::vector<entry> out;
  for (planned_entry const& e : file.entries) out.emplace_back(e.tensor, e.placement, e.device);
  return out;
}
}  // namespace

TEST_CASE("a rank's file has its part of the first placement that the rank is in",
          "[conversion_plan]") {
  catalog const source;
  for (int round = 0; round < 300; ++round) {
    destination_layout const to = random_destination();
    std::vector<index_t> ranks;
    for (index_t r = to.ranks - 1; r >= 0; --r)  // given in another order
      if (roll(0, 1) == 1) ranks.push_back(r);
    rank_file_options options;
    options.path_of = [](index_t rank) { return std::to_string(rank); };
    options.ranks = ranks;
    conversion_plan const plan = plan_rank_files(source, to, options);
    REQUIRE(plan.files.size() ==
            (ranks.empty() ? static_cast<std::size_t>(to.ranks) : ranks.size()));
    for (planned_file const& file : plan.files) {
      index_t const rank = std::stol(file.path);
      std::vector<entry> want;
      for (std::size_t t = 0; t < to.routes.size(); ++t)
        for (std::size_t p = 0; p < to.routes[t].to.placements.size(); ++p) {
          placement const& at = to.routes[t].to.placements[p];
          if (!at.has(rank)) continue;
          want.emplace_back(t, p, rank - at.first_rank);
          break;
        }
      CHECK(entries_of(file) == want);
    }
  }
}

TEST_CASE("the entries of an appended plan are of its own tensors", "[conversion_plan]") {
  catalog const source;
  rank_file_options options;
  options.path_of = [](index_t rank) { return "a" + std::to_string(rank); };
  auto const plan_of = [&](std::vector<std::string> const& names) {
    destination_layout to;
    for (std::string const& name : names) {
      catalog_tensor const t{name, dtype::uint8, {2}, false, {detail::everywhere({2}, 1)}};
      to.routes.push_back({t, t});
    }
    return plan_rank_files(source, to, options);
  };
  conversion_plan all = plan_of({"x", "y"});
  append(all, plan_of({"z"}));
  append(all, plan_of({}));
  REQUIRE(all.files.size() == 3);
  std::vector<std::vector<std::string>> names(3);
  for (std::size_t f = 0; f < 3; ++f)
    for (planned_entry const& e : all.files[f].entries)
      names[f].push_back(all.tensors[e.tensor].to.name);
  CHECK(names == std::vector<std::vector<std::string>>{{"x", "y"}, {"z"}, {}});
}

}  // namespace conversion_plan_test
