#include "files.hpp"

#include <reshard/codec/python_pattern.hpp>

#include <nlohmann/json.hpp>

#include <chrono>

namespace python_pattern_test {

using namespace reshard;

namespace {
void check_refused(std::string const& expression, char const* words) {
  INFO(expression);
  codec_error const e = files::error_of([&] { python_pattern{expression}; });
  CHECK(e.code() == errc::value_is_not_supported);
  CHECK(e.rule() == std::string_view{"pattern_is_not_supported"});
  CHECK(files::contains(e.what(), words));
}
}  // namespace

TEST_CASE("expressions match what Python's re matches", "[pattern]") {
  auto const cases = nlohmann::json::parse(files::content(files::data("peft/patterns.json")));
  std::size_t matches = 0;
  for (auto const& one : cases) {
    std::string const expression = one[0];
    std::string const text = one[1];
    INFO(expression << " on " << text);
    python_pattern const pattern{expression};
    CHECK(pattern.matches_whole(text) == one[2].get<bool>());
    CHECK(pattern.matches_from_start(text) == one[3].get<bool>());
    matches += one[2].get<bool>() ? 1U : 0U;
  }
  CHECK(cases.size() > 2000);
  CHECK(matches > 200);
}

TEST_CASE("what Python and C++ understand differently is refused", "[pattern]") {
  for (char const* const group :
       {"(?P<name>a)", "(?i)a", "(?<=a)b", "(?<!a)b", "(?#note)", "(?>a)"})
    check_refused(group, "groups other than");
  for (char const* const escape : {R"(\A)", R"(\Z)", R"(a\1)", R"(\0)", R"(\x41)", R"(\u0041)",
                                   R"(\a)", R"(\N)", R"(\p)", R"([\b])", R"([\Z])"})
    check_refused(escape, "the escape \\");
  for (char const* const twice : {"a**", "a*+", "a++", "a?+", "a{2}{3}", "a{2}*", "a*??", "a+?*"})
    check_refused(twice, "two quantifiers in a row");
  check_refused("[]a]", "write \\] for a bracket");
  check_refused("[^]a]", "write \\] for a bracket");
  check_refused("[[:alpha:]]", "write \\[ for a bracket");
  for (char const* const brace : {"a{", "a{,3}", "a{b}", "a{1,b}", "{", "a{-1}", "a{1000}"})
    check_refused(brace, "write \\{ for a brace");
}

TEST_CASE("what std::regex cannot parse is refused with its reason", "[pattern]") {
  for (char const* const wrong : {"(", ")", "a)", "[a", "[b-a]", "*a", "+", "a\\", "a{3,2}"}) {
    INFO(wrong);
    codec_error const e = files::error_of([&] { python_pattern{wrong}; });
    CHECK(e.code() == errc::value_is_not_supported);
    CHECK(files::contains(e.what(), wrong));
  }
}

TEST_CASE("no expression costs exponential time or a deep stack", "[pattern]") {
  auto const begin = std::chrono::steady_clock::now();
  std::string const many(1000, 'a');
  CHECK_FALSE(python_pattern{"(a*)*b"}.matches_whole(many));
  CHECK_FALSE(python_pattern{"(a|aa)+b"}.matches_from_start(many));
  CHECK_FALSE(python_pattern{"(.*)(.*)(.*)(.*)b"}.matches_whole(many));
  CHECK_FALSE(python_pattern{"(?:a?){300}b"}.matches_whole(std::string(300, 'a')));
  CHECK(python_pattern{std::string(4096, 'a')}.matches_whole(std::string(4096, 'a')));
  std::string alternatives;
  for (int i = 0; i < 2000; ++i) alternatives += "b|";
  CHECK(python_pattern{alternatives}.matches_whole("b"));
  CHECK(python_pattern{std::string(2000, '(') + std::string(2000, ')')}.matches_whole(""));
  check_refused(std::string(4097, 'a'), "at most 4096");
  check_refused("((a{20}){20}){20}", "its repetitions are too many");
  check_refused("(?:" + std::string(500, 'a') + "){9}", "its repetitions are too many");
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds{60});
}

}  // namespace python_pattern_test
