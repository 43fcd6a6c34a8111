#include <reshard/tensor/local_tensor.hpp>

#include <catch2/catch.hpp>

#include <type_traits>
#include <vector>

namespace local_tensor_test {

using namespace reshard;

namespace {
constexpr layout rows{device_matrix{4}, plain_map({4}, {0, -1}, tail_rule::ceil), {10, 3}};
constexpr layout columns{device_matrix{3}, plain_map({3}, {-1, 0}), {10, 3}};
}  // namespace

TEST_CASE("a device stores its part, no device nothing", "[local_tensor]") {
  static_assert(local_elements(rows, 0) == 9);  // rows 0, 1, 2
  static_assert(local_elements(rows, 3) == 3);  // row 9
  static_assert(local_elements(rows, 4) == 0);
  static_assert(local_tensor<float, rows>::shape(3) == extents{1, 3});
}

TEST_CASE("the layout is part of the type", "[local_tensor]") {
  static_assert(!std::is_same_v<local_tensor<float, rows>, local_tensor<float, columns>>);
  static_assert(!std::is_convertible_v<local_tensor<float const, rows>, local_span<float>>);
  std::vector<float> values(9);
  local_tensor<float, rows> const mine{values};
  local_span<float const> const view = mine;
  CHECK(view.placement == rows);
  CHECK(view.elements.data() == values.data());
}

}  // namespace local_tensor_test
