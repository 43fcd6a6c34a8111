#include <reshard/interop/eigen.hpp>
#include <reshard/interop/xtensor.hpp>

#include <catch2/catch.hpp>
#include <xtensor/xstrided_view.hpp>
#include <xtensor/xview.hpp>

#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

namespace interop_test {

using namespace reshard;

namespace {
std::vector<float> counted(std::size_t n) {
  std::vector<float> out(n);
  std::iota(out.begin(), out.end(), 0.0F);
  return out;
}
std::byte const* bytes(std::vector<float> const& v) {
  return reinterpret_cast<std::byte const*>(v.data());
}
std::byte* bytes(std::vector<float>& v) {
  return reinterpret_cast<std::byte*>(v.data());
}
}  // namespace

TEST_CASE("Eigen sees a block of a storage, and writes to it", "[interop]") {
  std::vector<float> storage = counted(6 * 7);
  auto const view = as_eigen<float>(block_at(bytes(storage), {6, 7}, {1, 2}, {3, 4}, 4));
  CHECK(view.rows() == 3);
  CHECK(view.cols() == 4);
  CHECK(view(0, 0) == 9);
  CHECK(view(2, 3) == 26);
  auto writable = view;
  writable(1, 1) = -1;
  CHECK(storage[2 * 7 + 3] == -1);
  CHECK(as_eigen<float const>(block_at(bytes(storage), {42}, {40}, {2}, 4))(0, 1) == 41);
  CHECK(as_eigen<float const>(block_at(bytes(storage), {}, {}, {}, 4))(0, 0) == 0);
}

TEST_CASE("copies into what Eigen owns: a transposed block agrees with Eigen", "[interop]") {
  std::vector<float> const storage = counted(5 * 8);
  Eigen::MatrixXf columns = Eigen::MatrixXf::Constant(9, 9, -1);  // column-major
  auto target = columns.block(2, 3, 4, 5);
  auto const source = block_at(bytes(storage), {5, 8}, {1, 0}, {4, 5}, 4);
  copy_block(block_of(target), source);
  CHECK((target == as_eigen<float const>(source)));
  CHECK(columns.sum() == Approx(target.sum() - (81 - 20)));
  Eigen::MatrixXf const turned = target.transpose();
  std::vector<float> back(20);
  auto const row_major = block_at(bytes(back), {5, 4}, {0, 0}, {5, 4}, 4);
  copy_block(row_major, block_of(turned));
  CHECK((as_eigen<float>(row_major) == turned));
}

TEST_CASE("what is no matrix of that type is refused by name", "[interop]") {
  std::vector<float> const storage = counted(8);
  auto const code_of = [](auto const& make) {
    try {
      static_cast<void>(make());
    } catch (layout_error const& e) {
      return e.code();
    }
    return errc::none;
  };
  auto const cube = block_at(bytes(storage), {2, 2, 2}, {0, 0, 0}, {2, 2, 2}, 4);
  CHECK(code_of([&] { return as_eigen<float const>(cube); }) == errc::block_is_no_matrix);
  CHECK(code_of([&] { return as_xtensor<double const>(cube); }) == errc::items_have_another_size);
  strided_block<std::byte const> odd = cube;
  odd.stride[2] = 6;
  CHECK(code_of([&] { return as_xtensor<float const>(odd); }) == errc::items_have_another_size);
}

TEST_CASE("xtensor is the oracle of slices and permutations", "[interop]") {
  std::mt19937 random{26};
  for (int i = 0; i < 300; ++i) {
    extents shape;
    std::vector<std::size_t> sizes;
    grid_index offset;
    grid_index extent;
    for (std::size_t d = 0; d < 3; ++d) {
      auto const size = static_cast<index_t>(1 + random() % 6);
      shape.append(size);
      sizes.push_back(static_cast<std::size_t>(size));
      offset.push_back(static_cast<index_t>(random()) % size);
      extent.push_back(1 + static_cast<index_t>(random()) % (size - offset[d]));
    }
    std::vector<float> storage = counted(static_cast<std::size_t>(shape.elements()));
    auto const block = block_at(bytes(storage), shape, offset, extent, 4);
    xt::xarray<float> whole = xt::adapt(storage, sizes);
    auto const slice = xt::view(whole, xt::range(offset[0], offset[0] + extent[0]),
                                xt::range(offset[1], offset[1] + extent[1]),
                                xt::range(offset[2], offset[2] + extent[2]));
    CHECK((as_xtensor<float>(block) == slice));

    std::vector<std::size_t> order{0, 1, 2};
    std::shuffle(order.begin(), order.end(), random);
    xt::xarray<float> permuted = xt::transpose(xt::xarray<float>(slice), order);
    xt::xarray<float> mine = xt::zeros_like(permuted);
    auto to = block_of(mine);
    auto from = block;
    for (std::size_t d = 0; d < 3; ++d) {
      from.extent[d] = block.extent[order[d]];
      from.stride[d] = block.stride[order[d]];
    }
    CHECK(to.extent == from.extent);
    copy_block(to, {from.first, from.extent, from.stride, from.item_bytes});
    CHECK((mine == permuted));
  }
}

}  // namespace interop_test
