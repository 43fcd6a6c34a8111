#include <reshard/checkpoint/names.hpp>

#include <catch2/catch.hpp>

namespace names_test {

using namespace reshard;
using names = std::vector<std::string>;

namespace {
errc code_of(auto&& call) {
  try {
    call();
  } catch (checkpoint_error const& e) {
    return e.code();
  }
  return errc::none;
}

/// The patterns of a list of --drop arguments.
names patterns_of(std::string const& arguments) {
  names out;
  std::string const begin = "--drop '";
  for (std::size_t at = arguments.find(begin); at != std::string::npos;) {
    at += begin.size();
    std::size_t const end = arguments.find('\'', at);
    out.push_back(arguments.substr(at, end - at));
    at = arguments.find(begin, end);
  }
  return out;
}

/// The printed arguments drop all of `some`, none of `others`, and each is of use.
void check_dropped(names const& some, names const& others) {
  std::string const arguments = drop_arguments(some, others);
  INFO(arguments);
  names const patterns = patterns_of(arguments);
  pattern_list list{patterns};
  for (std::string const& name : some) CHECK(list.matches(name));
  for (std::string const& name : others) CHECK_FALSE(list.matches(name));
  CHECK_NOTHROW(list.require_all_used());
}
}  // namespace

TEST_CASE("patterns are anchored at both ends", "[names]") {
  names const texts{"adam_m\\..*", "step"};
  pattern_list list{texts};
  CHECK(list.matches("adam_m.w"));
  CHECK(list.matches("step"));
  for (char const* const name : {"x.adam_m.w", "adam_m", "steps", "a step", "adam_v.w", ""})
    CHECK_FALSE(list.matches(name));
}

TEST_CASE("a pattern that matches nothing is an error with the pattern", "[names]") {
  names const texts{"w", "nothing.*"};
  pattern_list list{texts};
  CHECK(list.matches("w"));
  CHECK(code_of([&] { list.require_all_used(); }) == errc::names_do_not_match);
  CHECK_THROWS_WITH(list.require_all_used(), Catch::Contains("'nothing.*'"));
  CHECK(list.matches("nothing at all"));
  CHECK_NOTHROW(list.require_all_used());
}

TEST_CASE("every pattern that matches counts as used", "[names]") {
  names const texts{"w.*", ".*w"};
  pattern_list list{texts};
  CHECK(list.matches("w"));
  CHECK_NOTHROW(list.require_all_used());
}

TEST_CASE("no patterns match nothing and miss nothing", "[names]") {
  pattern_list none{{}};
  CHECK(none.empty());
  CHECK_FALSE(none.matches("w"));
  CHECK_NOTHROW(none.require_all_used());
}

TEST_CASE("a text that is no regular expression is named", "[names]") {
  for (char const* const text : {"(", "[a", "*", "a{2"}) {
    names const texts{text};
    INFO(text);
    CHECK(code_of([&] { pattern_list{texts}; }) == errc::arguments_disagree);
  }
}

TEST_CASE("a name that no regular expression can take is an error, not a crash", "[names]") {
  names const texts{".*(a|b)*c"};
  pattern_list list{texts};
  CHECK_FALSE(list.matches(std::string(4096, 'x')));
  CHECK(code_of([&] { (void)list.matches(std::string(1 << 20, 'x')); }) ==
        errc::arguments_disagree);
  pattern_list none{{}};
  CHECK_FALSE(none.matches(std::string(1 << 20, 'x')));
}

TEST_CASE("names are grouped by the text before the first dot", "[names]") {
  CHECK(prefix_of("adam_m.layers.0.w") == "adam_m");
  CHECK(prefix_of("step") == "step");
  CHECK(prefix_of(".w").empty());
  CHECK(grouped(names{"adam_v.a", "adam_m.a", "global_step", "adam_m.b"}) ==
        "adam_m.* (2), adam_v.a, global_step");
  CHECK(grouped({}).empty());
}

TEST_CASE("drop arguments drop what they say and nothing else", "[names]") {
  check_dropped({"adam_m.w", "adam_m.v", "global_step"}, {"w", "v"});
  check_dropped({"adam_m.w", "adam_m.v"}, {"adam_mean.w", "adam_v.w"});
  check_dropped({"a+b.(c)", "a+b.[d]", "x^$|"}, {"aab.c", "x"});
  check_dropped({"adam_m", "adam_m.w"}, {"adam"});
  // the prefix is shared with what stays
  check_dropped({"model.layers.0.bias", "model.layers.1.bias"},
                {"model.layers.0.weight", "model.w"});
  check_dropped({"model.layers.0.bias", "model.layers.10.bias"}, {"model.layers.x.bias"});
  check_dropped({"model.layers.0.bias"}, {"model.layers.1.bias", "model.layers.0.weight"});
  check_dropped({"w.1", "w.2"}, {"w.3"});
  check_dropped({"w"}, {"w.a"});
}

TEST_CASE("drop arguments are short where they can be", "[names]") {
  CHECK(drop_arguments(names{"adam_m.w", "adam_m.v"}, names{"w"}) == "--drop 'adam_m(\\..*)?'");
  CHECK(drop_arguments(names{"global_step"}) == "--drop 'global_step'");
  names biases;
  for (int layer = 0; layer < 80; ++layer)
    biases.push_back("model.layers." + std::to_string(layer) + ".bias");
  CHECK(drop_arguments(biases, names{"model.norm"}) == "--drop 'model\\.layers\\.\\d+\\.bias'");
}

}  // namespace names_test
