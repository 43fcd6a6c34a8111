#include <reshard/tensor/product.hpp>

#include "widths.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <random>
#include <vector>

namespace product_test {

using namespace reshard;

namespace {
/// One after another, nothing is fused.
template <class T>
T sum_of(std::vector<T> const& left, std::vector<T> const& right, std::size_t depth, std::size_t i,
         std::size_t j) {
  using block = product_block<T>;
  T sum = 0;
  std::size_t const first = j / block::columns * block::packed_columns(depth) + j % block::columns;
  for (std::size_t k = 0; k < depth; ++k) {
    T const volatile product = left[k * block::rows + i] * right[k * block::columns + first];
    sum += product;
  }
  return sum;
}

template <class T> void check_blocks() {
  using block = product_block<T>;
  std::size_t const blocks = 3;
  std::mt19937 bits{20261126};
  std::normal_distribution<T> number;
  for (std::size_t depth = 0; depth < 40; depth += depth < 5 ? 1 : 7) {
    std::vector<T> left(block::packed_rows(depth) + 1);  // never null
    std::vector<T> right(blocks * block::packed_columns(depth) + 1);
    for (T& x : left) x = number(bits);
    for (T& x : right) x = number(bits);
    std::size_t const stride = blocks * block::columns + 3;
    std::vector<T> before(block::rows * stride);
    for (T& x : before) x = number(bits);
    T const scale = number(bits);
    widths::for_each_width([&] {
      std::vector<T> out = before;
      std::vector<T> more = before;
      block::compute(left.data(), right.data(), depth, blocks, out.data(), stride);
      block::add(left.data(), right.data(), depth, blocks, scale, more.data(), stride);
      bool same = true;
      for (std::size_t i = 0; i < block::rows; ++i)
        for (std::size_t j = 0; j < stride; ++j) {
          std::size_t const at = i * stride + j;
          bool const inside = j < blocks * block::columns;
          T const sum = inside ? sum_of(left, right, depth, i, j) : T{0};
          T volatile const scaled = scale * sum;
          T const added = before[at] + scaled;
          same = same && (inside ? out[at] == sum && more[at] == added
                                 : out[at] == before[at] && more[at] == before[at]);
        }
      CHECK(same);
    });
  }
}
}  // namespace

TEST_CASE("blocks of products have the bits of the sums one after another", "[product]") {
  check_blocks<float>();
  check_blocks<double>();
}

}  // namespace product_test
