#include "files.hpp"

#include <reshard/codec/json_events.hpp>

using namespace reshard;
using files::error_of;

namespace {

/// Writes every event down.
struct recorder {
  std::string events;
  std::string refused;  // a key that is an error

  void open(detail::json_bracket bracket) {
    events += bracket == detail::json_bracket::object ? '{' : '[';
  }
  void close() { events += '.'; }
  void key(std::string const& words) {
    if (words == refused)
      throw codec_error{errc::file_is_malformed, "key_is_refused", {{}, "t", -1}, "refused"};
    events += "k(" + words + ")";
  }
  void text(std::string const& words) { events += "t(" + words + ")"; }
  void number(std::uint64_t n) { events += "n(" + std::to_string(n) + ")"; }
  void other(std::string const& token) { events += "o(" + token + ")"; }
};

std::string const path = "file.json";

std::string events_of(std::string_view json) {
  return detail::read_json(detail::json_source{json, path}, [] { return recorder{}; }).events;
}
codec_error json_error(std::string_view json, std::uint64_t first_byte = 0) {
  return error_of([&] {
    (void)detail::read_json(detail::json_source{json, path, first_byte}, [] {
      return recorder{{}, "bad"};
    });
  });
}
}  // namespace

TEST_CASE("events come in the order of the text", "[json_events]") {
  CHECK(events_of(R"({"a": [1, "x", {}], "b\u0041": {"c": null}})") ==
        "{k(a)[n(1)t(x){..k(bA){k(c)o(null)..");
  CHECK(events_of(" 7 ") == "n(7)");
}

TEST_CASE("only whole numbers below 2^64 are numbers", "[json_events]") {
  CHECK(events_of("[0,18446744073709551615]") == "[n(0)n(18446744073709551615).");
  CHECK(events_of("[-1,-0,4.0,4e0,18446744073709551616,true,false,null]") ==
        "[o(-1)o(-0)o(4.0)o(4e0)o(18446744073709551616)o(true)o(false)o(null).");
}

TEST_CASE("what nlohmann's parser lets pass is refused", "[json_events]") {
  CHECK(files::contains(json_error("\xef\xbb\xbf{}").what(), "byte order mark"));
  auto const nul = json_error(std::string_view{"{}\0\0", 4}, 100);
  CHECK(nul.byte() == 102);
  CHECK(files::contains(nul.what(), "NUL"));
  CHECK(events_of(std::string(64, '[') + std::string(64, ']')).size() == 128);
  auto const deep = json_error(std::string(65, '[') + std::string(65, ']'), 8);
  CHECK(deep.rule() == std::string{"json_is_nested_too_deeply"});
  CHECK(deep.byte() == 8 + 65);
  CHECK(json_error(std::string(100'000, '[')).rule() == std::string{"json_is_nested_too_deeply"});
}

TEST_CASE("what is no JSON is refused with the byte", "[json_events]") {
  for (auto const& [json, byte] : std::vector<std::pair<std::string, std::int64_t>>{
           {"", 0}, {"{", 1}, {"{]", 1}, {"[1,]", 3}, {"[01]", 2}, {"{} x", 3}, {"[/*c*/]", 1}}) {
    INFO(json);
    auto const e = json_error(json, 1000);
    CHECK(e.rule() == std::string{"json_is_malformed"});
    CHECK(e.path() == path);
    CHECK(e.byte() == 1000 + byte);
  }
  auto const text = json_error("[\"a\xff\"]");
  CHECK(text.rule() == std::string{"json_is_not_utf8"});
  CHECK(text.byte() == 3);
  std::string const endless = "\"" + std::string(1'000'000, 'x');
  CHECK(std::string{json_error(endless).what()}.size() < 1000);
}

TEST_CASE("an error of the handler gets path and byte", "[json_events]") {
  auto const e = json_error(R"({"a":1,"bad":2})", 50);
  CHECK(e.rule() == std::string{"key_is_refused"});
  CHECK(e.path() == path);
  CHECK(e.tensor() == "t");
  CHECK(e.byte() == 50 + 12);  // behind "bad"
}

TEST_CASE("texts are printed as JSON", "[json_events]") {
  CHECK(detail::json_text("a\"\\\n\x01/\x7f\xc3\xa9") == "\"a\\\"\\\\\\n\\u0001/\x7f\xc3\xa9\"");
  // as Python's json.dumps
  CHECK(detail::json_text("\xc3\xa9\xf0\x9f\x98\x80\x7f", detail::json_charset::ascii) ==
        R"("\u00e9\ud83d\ude00\u007f")");
  CHECK(error_of([] { (void)detail::json_text("\xff"); }).code() == errc::value_is_not_supported);
}

TEST_CASE("keys that occur again later", "[json_events]") {
  auto const of = [](std::vector<std::string_view> const& keys) {
    return detail::superseded(keys);
  };
  CHECK(of({}).empty());
  CHECK(of({"a", "b", "c"}).empty());
  CHECK(of({"c", "b", "a"}).empty());
  CHECK(of({"a", "a"}) == std::vector<std::size_t>{0});
  CHECK(of({"b", "a", "b", "c", "a", "b"}) == std::vector<std::size_t>{0, 1, 2});
  CHECK(of({"", ""}) == std::vector<std::size_t>{0});
}
