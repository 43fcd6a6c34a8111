#include <reshard/checkpoint/lay_out.hpp>

#include "by_hand.hpp"

namespace lay_out_test {

using namespace by_hand;

namespace {

using contents = std::map<std::string, numbers>;

/// The names of the table of MindSpore's treatments, in one source of 2 ranks:
///   a, b   in both strategies, in stage 0 and stage 1 of the destination
///   m      in the source strategy only
///   lr     in the destination strategy only, in stage 1
///   step   in none
struct table {
  folder work;
  strategy source = strategy_of(
      {parameter("a", {2}, {{0}}), parameter("b", {2}, {{0}}), parameter("m", {2}, {{0}})});
  strategy destination = strategy_of({parameter("a", {2}, {{0}}, 0), parameter("b", {2}, {{0}}, 1),
                                      parameter("lr", {2}, {{0}}, 1)});
  stored const a{"a", {4}, {10, 11, 12, 13}};
  stored const b{"b", {4}, {20, 21, 22, 23}};
  stored const m{"m", {4}, {30, 31, 32, 33}};

  /// lr and step as the two ranks have them.
  explicit table(numbers const& lr0, numbers const& lr1, std::int32_t step0, std::int32_t step1) {
    for (index_t rank = 0; rank < 2; ++rank)
      write(rank_file(work.path + "/src", rank), {{"step", {}, {rank == 0 ? step0 : step1}},
                                                  slice_of(a, source.parameters[0], rank),
                                                  slice_of(m, source.parameters[2], rank),
                                                  {"lr", {4}, rank == 0 ? lr0 : lr1},
                                                  slice_of(b, source.parameters[1], rank)});
    write(work.path + "/full.ckpt", {{"step", {}, {step0}}, a, m, {"lr", {4}, lr0}, b});
  }
  [[nodiscard]] catalog opened() const {
    return open_ranks(work.path + "/src", source, all_formats());
  }
  [[nodiscard]] catalog full() const {
    return open_weights(work.path + "/full.ckpt", all_formats());
  }
  /// What each destination rank holds.
  [[nodiscard]] std::vector<contents> converted(catalog const& from, strategy const* to,
                                                layout_options const& layout = {},
                                                replica_rule rule = replica_rule::agree) const {
    std::string const out = work.path + "/out";
    std::filesystem::remove_all(out);
    convert(from, to, out, layout, rule);
    std::vector<contents> ranks;
    while (std::filesystem::exists(rank_file(out, static_cast<index_t>(ranks.size()))))
      ranks.push_back(read(rank_file(out, static_cast<index_t>(ranks.size()))));
    return ranks;
  }
};

layout_options with(unlisted_rule unlisted) {
  layout_options out;
  out.unlisted = unlisted;
  return out;
}
layout_options mindspore() {
  layout_options out;
  out.compat = compatibility::mindspore;
  return out;
}

bool warns_of(destination_layout const& d, std::string const& words) {
  return std::any_of(d.warnings.begin(), d.warnings.end(),
                     [&](std::string const& w) { return w.find(words) != std::string::npos; });
}
}  // namespace

TEST_CASE("a name that only the source lists is refused with what solves it", "[lay_out]") {
  table const t{{1, 2, 3, 4}, {1, 2, 3, 4}, 7, 7};
  auto const e = error_of([&] { (void)lay_out(t.opened(), &t.destination); });
  CHECK(e.code() == errc::names_do_not_match);
  CHECK_THAT(e.what(), Catch::Contains("1 tensors") && Catch::Contains("--drop 'm'") &&
                           Catch::Contains("--unlisted full"));
}

TEST_CASE("each name of the table goes where it belongs", "[lay_out]") {
  table const t{{1, 2, 3, 4}, {1, 2, 3, 4}, 7, 7};
  std::vector<contents> const dropped{{{"a", {10, 11}}, {"step", {7}}},
                                      {{"a", {12, 13}}, {"step", {7}}},
                                      {{"b", {20, 21}}, {"lr", {1, 2}}, {"step", {7}}},
                                      {{"b", {22, 23}}, {"lr", {3, 4}}, {"step", {7}}}};
  CHECK(t.converted(t.opened(), &t.destination, with(unlisted_rule::drop)) == dropped);
  std::vector<contents> whole = dropped;
  for (contents& rank : whole) rank["m"] = t.m.values;
  CHECK(t.converted(t.opened(), &t.destination, with(unlisted_rule::full)) == whole);
  // complete weights: nothing is in the source strategy, so m is no surprise
  CHECK(t.converted(t.full(), &t.destination) == whole);
}

TEST_CASE("without a destination strategy everything is merged on one rank", "[lay_out]") {
  table const t{{1, 2, 3, 4}, {1, 2, 3, 4}, 7, 7};
  std::vector<contents> const merged{{{"a", t.a.values},
                                      {"b", t.b.values},
                                      {"m", t.m.values},
                                      {"lr", {1, 2, 3, 4}},
                                      {"step", {7}}}};
  CHECK(t.converted(t.opened(), nullptr) == merged);
  CHECK(t.converted(t.full(), nullptr) == merged);
  CHECK(t.converted(t.opened(), nullptr, mindspore()) == merged);
}

TEST_CASE("what is done with names of one strategy is said", "[lay_out]") {
  table const t{{1, 2, 3, 4}, {1, 2, 3, 4}, 7, 7};
  auto const dropped = lay_out(t.opened(), &t.destination, with(unlisted_rule::drop));
  CHECK(warns_of(dropped, "dropped, not in the destination strategy: m"));
  CHECK(warns_of(dropped, "in no strategy, taken as whole tensors and cut: lr"));
  CHECK(dropped.ranks == 4);
  CHECK(dropped.ranks_per_stage == 2);
  CHECK(warns_of(lay_out(t.opened(), &t.destination, mindspore()), "raw local slices"));
}

TEST_CASE("with --compat mindspore a name of one strategy is a raw local slice", "[lay_out]") {
  table const t{{1, 2, 3, 4}, {5, 6, 7, 8}, 7, 8};  // the copies differ: nobody asks
  std::vector<contents> const raw{
      {{"a", {10, 11}}, {"m", {30, 31}}, {"lr", {1, 2, 3, 4}}, {"step", {7}}},
      {{"a", {12, 13}}, {"m", {32, 33}}, {"lr", {5, 6, 7, 8}}, {"step", {8}}},
      {{"b", {20, 21}}, {"m", {30, 31}}, {"lr", {1, 2, 3, 4}}, {"step", {7}}},
      {{"b", {22, 23}}, {"m", {32, 33}}, {"lr", {5, 6, 7, 8}}, {"step", {8}}}};
  CHECK(t.converted(t.opened(), &t.destination, mindspore()) == raw);
  // to complete weights the copy of rank 0 is taken
  auto const merged = t.converted(t.opened(), nullptr, mindspore());
  REQUIRE(merged.size() == 1);
  CHECK(merged[0].at("step") == numbers{7});
  CHECK(merged[0].at("lr") == numbers{1, 2, 3, 4});
  CHECK(merged[0].at("m") == t.m.values);
  // redistributed names come first, copied ones last, each in the order of the source
  std::vector<std::string> order;
  for (tensor_route const& route : lay_out(t.opened(), &t.destination, mindspore()).routes)
    if (order.empty() || order.back() != route.to.name) order.push_back(route.to.name);
  CHECK(order == std::vector<std::string>{"a", "b", "step", "m", "lr"});
}

TEST_CASE("copies that differ are refused without it", "[lay_out]") {
  table const t{{1, 2, 3, 4}, {1, 2, 3, 4}, 7, 8};
  auto const e =
      error_of([&] { (void)t.converted(t.opened(), &t.destination, with(unlisted_rule::drop)); });
  CHECK(e.code() == errc::replicas_differ);
  CHECK_THAT(e.what(), Catch::Contains("'step'") && Catch::Contains("rank_1") &&
                           Catch::Contains("--replicas first"));
  auto const first =
      t.converted(t.opened(), &t.destination, with(unlisted_rule::drop), replica_rule::first);
  for (contents const& rank : first) CHECK(rank.at("step") == numbers{7});
}

TEST_CASE("raw slices go by the local rank of the destination's stage", "[lay_out]") {
  folder const work;
  parameter_layout const a = parameter("a", {4}, {{0}});
  parameter_layout const m = parameter("m", {4}, {{0}});
  for (index_t rank = 0; rank < 4; ++rank)
    write(rank_file(work.path + "/src", rank), {slice_of({"a", {4}, counted(4)}, a, rank),
                                                slice_of({"m", {4}, counted(4, 40)}, m, rank)});
  catalog const source = open_ranks(work.path + "/src", strategy_of({a, m}), all_formats());
  strategy const to =
      strategy_of({parameter("a", {2}, {{0}}, 0), parameter("other", {2}, {{0}}, 1)});
  convert(source, &to, work.path + "/out", mindspore());
  for (index_t rank = 0; rank < 4; ++rank)  // rank 2 is the first of stage 1
    CHECK(read(rank_file(work.path + "/out", rank)).at("m") == numbers{40 + int(rank % 2)});
}

TEST_CASE("a raw slice comes from the lowest stage that has it, and must be somewhere",
          "[lay_out]") {
  folder const work;
  parameter_layout const a = parameter("a", {2}, {{0}}, 0);
  parameter_layout const b = parameter("b", {2}, {{0}}, 1);
  for (index_t rank = 0; rank < 4; ++rank) {
    stored const slice = rank < 2 ? slice_of({"a", {4}, counted(4)}, a, rank)
                                  : slice_of({"b", {4}, counted(4)}, b, rank - 2);
    std::vector<stored> file{slice};
    if (rank != 0) file.push_back({"step", {}, {100 + int(rank)}});
    write(rank_file(work.path + "/src", rank), file);
  }
  strategy const from = strategy_of({a, b});
  strategy const to = strategy_of({parameter("a", {2}, {{0}}), parameter("b", {2}, {{0}})});
  convert(open_ranks(work.path + "/src", from, all_formats()), &to, work.path + "/out",
          mindspore());
  CHECK(read(rank_file(work.path + "/out", 0)).at("step") == numbers{102});
  CHECK(read(rank_file(work.path + "/out", 1)).at("step") == numbers{101});
  std::filesystem::remove_all(work.path + "/src/rank_2");
  catalog const source = open_ranks(work.path + "/src", from, all_formats());
  auto const e = error_of([&] { (void)lay_out(source, &to, mindspore()); });
  CHECK(e.code() == errc::checkpoint_is_incomplete);
  CHECK_THAT(e.what(), Catch::Contains("'step'") && Catch::Contains("rank 0"));
}

TEST_CASE("MindSpore converts nothing if no name is in both strategies", "[lay_out]") {
  folder const work;
  parameter_layout const a = parameter("a", {2}, {{0}});
  for (index_t rank = 0; rank < 2; ++rank)
    write(rank_file(work.path, rank), {slice_of({"a", {4}, counted(4)}, a, rank)});
  catalog const source = open_ranks(work.path, strategy_of({a}), all_formats());
  strategy const to = strategy_of({parameter("x", {2}, {{0}})});
  CHECK(error_of([&] { (void)lay_out(source, &to, mindspore()); }).code() ==
        errc::names_do_not_match);
}

TEST_CASE("a tied tensor goes to every stage that lists it", "[lay_out]") {
  folder const work;
  stored const tied{"tied", {4}, counted(4)};
  strategy const to =
      strategy_of({parameter("tied", {2}, {{0}}, 0), parameter("tied", {2}, {{}}, 1)});
  write(work.path + "/full.ckpt", {tied});
  convert(open_weights(work.path + "/full.ckpt", all_formats()), &to, work.path + "/out");
  CHECK(read(rank_file(work.path + "/out", 1)).at("tied") == numbers{2, 3});
  CHECK(read(rank_file(work.path + "/out", 2)).at("tied") == tied.values);
  CHECK(read(rank_file(work.path + "/out", 3)).at("tied") == tied.values);
}

TEST_CASE("where copies of stages differ, the first stage counts", "[lay_out]") {
  folder const work;
  parameter_layout const first = parameter("tied", {1}, {{}}, 0);
  parameter_layout const second = parameter("tied", {1}, {{}}, 1);
  write(rank_file(work.path + "/src", 0), {{"tied", {2}, {1, 2}}});
  write(rank_file(work.path + "/src", 1), {{"tied", {2}, {3, 4}}});
  catalog const both = open_ranks(work.path + "/src", strategy_of({first, second}), all_formats());
  convert(both, nullptr, work.path + "/out");
  CHECK(read(rank_file(work.path + "/out", 0)).at("tied") == numbers{1, 2});
  std::filesystem::remove_all(work.path + "/src/rank_0");
  catalog const one = open_ranks(work.path + "/src", strategy_of({first, second}), all_formats());
  convert(one, nullptr, work.path + "/other");
  CHECK(read(rank_file(work.path + "/other", 0)).at("tied") == numbers{3, 4});
}

TEST_CASE("select and drop choose by name", "[lay_out]") {
  table const t{{1, 2, 3, 4}, {1, 2, 3, 4}, 7, 7};
  auto const names = [&](name_filter const& filter) {
    layout_options options;
    options.names = filter;
    std::string out;
    for (tensor_route const& route : lay_out(t.opened(), &t.destination, options).routes)
      out += route.to.name + " ";
    return out;
  };
  name_filter filter;
  filter.drop = {"m"};
  CHECK(names(filter) == "step a lr b ");
  filter.drop = {"m", "s.*"};
  CHECK(names(filter) == "a lr b ");
  filter = {};
  filter.select = {"a|b"};
  CHECK(names(filter) == "a b ");
  filter.drop = {"b"};
  CHECK(names(filter) == "a ");
  filter = {};
  filter.drop_prefixes = {"m", "st"};
  CHECK(names(filter) == "a lr b ");
  filter = {};
  filter.select = {"nothing"};
  CHECK_THROWS_WITH(names(filter), Catch::Contains("'nothing'"));
  filter.select = {"a"};
  filter.drop = {"a"};
  CHECK(error_of([&] { (void)names(filter); }).code() == errc::names_do_not_match);
}

TEST_CASE("a cut that does not divide is refused with the tensor and the remedy", "[lay_out]") {
  folder const work;
  write(work.path + "/full.ckpt", {{"w", {7}, counted(7)}});
  catalog const source = open_weights(work.path + "/full.ckpt", all_formats());
  strategy const to = strategy_of({parameter("w", {4}, {{0}})});
  auto const e = error_of([&] { (void)lay_out(source, &to); });
  CHECK(e.code() == errc::dim_does_not_divide_over_its_device_axes);
  CHECK_THAT(e.what(),
             Catch::Contains("'w'") && Catch::Contains("(7)") && Catch::Contains("--uneven"));
  layout_options ceil;
  ceil.tail = tail_rule::ceil;
  convert(source, &to, work.path + "/ceil", ceil);
  CHECK(read(rank_file(work.path + "/ceil", 3)).at("w") == numbers{6});
  strategy const longer = strategy_of({parameter("w", {4}, {{0}, {}})});
  auto const rank = error_of([&] { (void)lay_out(source, &longer); });
  CHECK_THAT(rank.what(), Catch::Contains("'w'") && !Catch::Contains("--uneven"));
}

}  // namespace lay_out_test
