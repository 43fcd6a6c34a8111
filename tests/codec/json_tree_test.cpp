#include "files.hpp"

#include <reshard/codec/json_tree.hpp>

namespace json_tree_test {

using namespace reshard;
using detail::json_fields;
using detail::json_tree;

namespace {
std::string const path = "config.json";
json_tree tree(std::string const& text) {
  return detail::tree_of({text, path});
}
codec_error error_in(std::string const& text) {
  return files::error_of([&] { (void)tree(text); });
}
}  // namespace

TEST_CASE("a tree holds what its text says, keys in the order of the text", "[json]") {
  for (char const* const text :
       {R"({"z":1,"a":[1,-2,3.5,1e+300,true,false,null,"x"],"m":{"b":{},"a":[]},"é\n":""})", "[]",
        "{}", "null", "7", "-9223372036854775808", "18446744073709551615", R"("text")",
        "[[[[1]]],[2]]"})
    CHECK(tree(text) == json_tree::parse(text));
  CHECK(tree(R"({"z":1,"a":2,"m":{"y":1,"b":2}})").dump() == R"({"z":1,"a":2,"m":{"y":1,"b":2}})");
}

TEST_CASE("texts that are no JSON, or JSON that readers understand differently", "[json]") {
  CHECK(error_in(R"({"a":1,"b":{"a":1,"a":2}})").rule() == std::string_view{"key_occurs_twice"});
  CHECK(error_in(R"({"a":1,"b":{"a":1,"a":2}})").byte() > 17);
  for (char const* const text :
       {"", "{", "{]", "{\"a\":}", "nul", "{} {}", "[1,]", "\xef\xbb\xbf{}", "NaN", "[Infinity]",
        "\"\xff\"", "01", "// x\n{}"}) {
    INFO(text);
    CHECK(error_in(text).code() == errc::file_is_malformed);
    CHECK(error_in(text).path() == path);
    CHECK(error_in(text).byte() >= 0);
  }
  CHECK(error_in(std::string("{}\0", 3)).code() == errc::file_is_malformed);
  CHECK(tree(std::string(64, '[') + std::string(64, ']')).size() == 1);
  CHECK(files::contains(error_in(std::string(100'000, '[')).what(), "nested deeper"));
}

TEST_CASE("many keys of one object take linear time", "[json]") {
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) text += "\"" + std::to_string(i) + "\":0,";
  CHECK(tree(text + "\"end\":1}").size() == 200'001);
}

TEST_CASE("fields are read by type", "[json]") {
  json_tree const root = tree(R"({"i": 3, "r": 2.5, "b": true, "t": "x", "n": null, "l": [1, 2],
                                  "s": ["a", "b"], "o": {"z": 1, "a": 2}, "never": 0, "too": 0})");
  json_fields fields{root, path, "text_config."};
  CHECK(fields.integer("i") == 3);
  CHECK(fields.real("r") == 2.5);
  CHECK(fields.real("i") == 3);
  CHECK(fields.boolean("b") == true);
  CHECK(fields.text("t") == "x");
  CHECK(fields.integer("n") == std::nullopt);
  CHECK(fields.integer("absent") == std::nullopt);
  CHECK(fields.integers("l") == std::vector<std::int64_t>{1, 2});
  CHECK(fields.texts("s") == std::vector<std::string>{"a", "b"});
  CHECK(fields.texts("n").empty());
  CHECK(fields.pairs("o", &json_fields::integer_of) ==
        std::vector<std::pair<std::string, std::int64_t>>{{"z", 1}, {"a", 2}});
  CHECK(fields.others() == std::vector<std::string>{"never", "too"});
  auto const message = [&](auto&& call) {
    codec_error const e = files::error_of(call);
    CHECK(e.rule() == std::string_view{"json_value_has_another_type"});
    return e.message();
  };
  CHECK(message([&] { (void)fields.integer("r"); }) ==
        "key 'text_config.r' is 2.5, expected an integer below 2^63");
  CHECK(message([&] { (void)fields.text("i"); }) == "key 'text_config.i' is 3, expected a text");
  CHECK(message([&] { (void)fields.boolean("i"); }) ==
        "key 'text_config.i' is 3, expected true or false");
  CHECK(message([&] { (void)fields.real("t"); }) ==
        "key 'text_config.t' is \"x\", expected a number");
  CHECK(message([&] { (void)fields.texts("t"); }) ==
        "key 'text_config.t' is \"x\", expected a list");
  CHECK(message([&] { (void)fields.texts("l"); }) == "key 'text_config.l' is 1, expected a text");
}

TEST_CASE("a configuration file is read whole up to 16 MiB", "[json]") {
  files::temporary_folder const folder;
  CHECK(detail::json_text_at(folder.write("a.json", "{}")) == "{}");
  std::string const large = folder.write("b.json", "{}");
  std::filesystem::resize_file(large, (std::uint64_t{16} << 20) + 1);
  CHECK(files::error_of([&] { (void)detail::json_text_at(large); }).rule() ==
        std::string_view{"json_is_too_large"});
}

}  // namespace json_tree_test
