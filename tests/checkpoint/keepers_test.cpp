#include <reshard/checkpoint/keepers.hpp>

#include "weights_by_hand.hpp"

namespace keepers_test {

using namespace by_hand;

namespace {

/// The names that each of four ranks, 2 x 2, keeps.
std::map<index_t, std::set<std::string>> kept(keeper_rule rule) {
  folder const work;
  std::vector<stored> weights;
  strategy s;
  for (char const* const name : {"a", "b", "c", "d", "e"}) {
    weights.push_back({name, {4}, counted(4)});
    s.parameters.push_back(parameter(name, {2, 2}, {{}}));
  }
  s.parameters[1].tensor_map = s.parameters[2].tensor_map = {{0}};
  s.parameters[4].tensor_map = {{1}};
  weights.push_back({"step", {}, {1}});
  catalog const source = opened_weights(write_weights(work.path + "/w.safetensors", weights));
  conversion_plan plan =
      plan_rank_files(source, lay_out(source, &s),
                      {[](index_t r) { return std::to_string(r); }, {}, safetensors_format, {}});
  remove_redundancy(plan, rule);
  std::map<index_t, std::set<std::string>> out;
  for (planned_file const& file : plan.files)
    for (planned_entry const& e : file.entries)
      out[std::stoll(file.path)].insert(plan.tensors[e.tensor].to.name);
  return out;
}
}  // namespace

// what remove_param_redundancy answers; tensors that no strategy lists stay everywhere
TEST_CASE("MindSpore's ranks take turns by name", "[keepers]") {
  CHECK(kept(keeper_rule::mindspore) ==
        std::map<index_t, std::set<std::string>>{{0, {"a", "b", "e", "step"}},
                                                 {1, {"b", "d", "step"}},
                                                 {2, {"c", "e", "step"}},
                                                 {3, {"c", "step"}}});
}

TEST_CASE("by bytes every rank has about the same", "[keepers]") {
  // a and d of 16 bytes; two halves of 8 of each of b, c and e: 80 bytes for four ranks
  std::map<index_t, std::size_t> bytes;
  for (auto const& [rank, names] : kept(keeper_rule::bytes))
    for (std::string const& name : names)
      bytes[rank] += name == "step" ? 0 : name == "a" || name == "d" ? 16 : 8;
  std::size_t all = 0;
  for (auto const& [rank, n] : bytes) {
    all += n;
    CHECK(n <= 24);
  }
  CHECK(all == 80);
}

}  // namespace keepers_test
