#include <reshard/checkpoint/catalog.hpp>

#include <catch2/catch.hpp>

namespace catalog_test {

using namespace reshard;

namespace {

indexed_tensor tensor(std::string name, std::vector<index_t> shape) {
  return {std::move(name), dtype::int8, std::move(shape), {}, 1, 0};
}

std::shared_ptr<named_index const> index_of(std::vector<indexed_tensor> tensors) {
  file_index index;
  index.tensors = std::move(tensors);
  return std::make_shared<named_index const>(std::move(index));
}
}  // namespace

TEST_CASE("a placement holds the ranks of its stage", "[catalog]") {
  placement const second{4, layout{device_matrix{2, 2}, plain_map({2, 2}, {0}), {8}}};
  CHECK(second.devices() == 4);
  CHECK_FALSE(second.has(3));
  CHECK(second.has(4));
  CHECK(second.has(7));
  CHECK_FALSE(second.has(8));
  CHECK_FALSE(second.has(-1));
}

TEST_CASE("an index finds tensors by their names", "[catalog]") {
  auto const index = index_of({tensor("a", {2}), tensor("a.b", {3})});
  REQUIRE(index->find("a.b") != nullptr);
  CHECK(index->find("a.b")->shape == std::vector<index_t>{3});
  CHECK(index->find("a.b") == &index->index().tensors[1]);
  for (char const* const name : {"", "b", "a.", "A"}) CHECK(index->find(name) == nullptr);
}

TEST_CASE("a catalog says what the file of a rank has", "[catalog]") {
  catalog c;
  c.ranks = 4;
  auto const shared = index_of({tensor("w", {2})});
  c.files.emplace(0, catalog_file{"rank_0/a", shared});
  c.files.emplace(2, catalog_file{"rank_2/a", shared});
  CHECK(c.stored(0, "w") == c.stored(2, "w"));  // one index for equal heads
  CHECK(c.stored(0, "w") != nullptr);
  CHECK(c.stored(0, "v") == nullptr);
  CHECK(c.stored(1, "w") == nullptr);
  CHECK(c.stored(4, "w") == nullptr);
}

TEST_CASE("shapes and layouts have one text", "[catalog]") {
  CHECK(shape_text({}) == "()");
  CHECK(shape_text({7}) == "(7)");
  CHECK(shape_text({512, 1024}) == "(512, 1024)");
  CHECK(to_string(layout{device_matrix{2, 4}, plain_map({2, 4}, {1, -1}), {512, 1024}}) ==
        "devices(2, 4) map((1), ()) shape(512, 1024)");
}

}  // namespace catalog_test
