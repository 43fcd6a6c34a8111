#include <reshard/checkpoint/dequantize_stage.hpp>

#include <catch2/catch.hpp>

namespace dequantize_stage_test {

using namespace reshard;

namespace {

std::uint8_t code_of(index_t row, index_t column) {
  return static_cast<std::uint8_t>((7 * row + 3 * column) % 127);  // no NaN
}
/// Distinct powers of two: all products are exact.
float scale_of(index_t row, index_t column) {
  return std::ldexp(1.0F, static_cast<int>(3 * (row / 128) - 2 * (column / 128)));
}
float value_of(index_t row, index_t column) {
  return detail::e4m3fn_values[code_of(row, column)] * scale_of(row, column);
}

std::vector<std::byte> scales_of(extents const& shape, dtype type) {
  std::vector<std::byte> out(static_cast<std::size_t>(shape.elements()) * item_bytes(type));
  for (index_t i = 0; i < shape.elements(); ++i) {
    float const scale = scale_of(128 * (i / shape[1]), 128 * (i % shape[1]));
    auto const at = static_cast<std::size_t>(i);
    if (type == dtype::float8_e8m0)
      out[at] = static_cast<std::byte>(std::ilogb(scale) + 127);
    else
      std::memcpy(out.data() + 4 * at, &scale, 4);
  }
  return out;
}

/// Applies the stage to a tile; source(at) is where an element of the target is stored.
template <class Source>
void check(dequantize_stage const& stage, extents const& shape, box const& tile, dtype scale_type,
           Source const& source) {
  extents const scale_shape{2, 3};
  std::vector<std::byte> scale = scales_of(scale_shape, scale_type);
  auto const n = static_cast<std::size_t>(tile.elements());
  std::vector<std::byte> in(n);
  std::vector<std::byte> out(2 * n);
  grid_index const stride = row_major_strides(tile.extent());
  stage_tile const to{out.data(), tile, stride};
  stage_tile const from{in.data(), tile, stride};
  detail::for_each_row(tile, [&](grid_index at, index_t size) {
    for (index_t i = 0; i < size; ++i, ++at[at.size() - 1]) {
      auto const [row, column] = source(at);
      *from.at(at, 1) = static_cast<std::byte>(code_of(row, column));
    }
  });
  box const whole{extents{6}};
  stage_tile const operand{scale.data(), whole, row_major_strides(whole.extent())};
  stage.apply({shape, from, std::span{&operand, 1}, {}, to});
  bool same = true;
  detail::for_each_row(tile, [&](grid_index at, index_t size) {
    for (index_t i = 0; i < size; ++i, ++at[at.size() - 1]) {
      auto const [row, column] = source(at);
      float value = 0;
      read_numbers(dtype::bfloat16, to.at(at, 2), 1, &value);
      same = same && value == value_of(row, column);
    }
  });
  CHECK(same);
}
}  // namespace

TEST_CASE("blocks at the ends are ragged, in any tile", "[dequantize]") {
  extents const shape{130, 257};
  for (dtype const scales : {dtype::float32, dtype::float8_e8m0}) {
    dequantize_stage const stage{dtype::float8_e4m3fn, scales, {{shape, {2, 3}}}, {}, {128, 128}};
    CHECK(stage.operands(shape, box{shape}).at(0) == box{extents{6}});
    auto const itself = [](grid_index const& at) { return std::pair{at[0], at[1]}; };
    check(stage, shape, box{shape}, scales, itself);
    check(stage, shape, box{{127, 100}, {3, 157}}, scales, itself);
    check(stage, shape, box{{128, 256}, {2, 1}}, scales, itself);
  }
}

TEST_CASE("rearranged elements keep the scales of where they are stored", "[dequantize]") {
  extents const stored{130, 257};
  extents const turned{257, 130};
  box_view::sub_dim_list along;
  along.push_back(1);
  along.push_back(0);
  dequantize_stage const transposed{dtype::float8_e4m3fn,
                                    dtype::float32,
                                    {{stored, {2, 3}}},
                                    {{0, {grid_box{turned}, grid_box{stored}, along}}},
                                    {128, 128}};
  check(transposed, turned, box{{100, 1}, {157, 129}}, dtype::float32, [](grid_index const& at) {
    return std::pair{at[1], at[0]};
  });
  // even rows before odd ones
  grid_box const pairs{box{stored}, grid{stored, {{65, 2}, {257}}}, box{{65, 2, 257}}};
  grid_box const halves{box{stored}, grid{stored, {{2, 65}, {257}}}, box{{2, 65, 257}}};
  box_view::sub_dim_list sub_dims;
  for (int const s : {1, 0, 2}) sub_dims.push_back(static_cast<std::uint8_t>(s));
  dequantize_stage const permuted{dtype::float8_e4m3fn,
                                  dtype::float32,
                                  {{stored, {2, 3}}},
                                  {{0, {halves, pairs, sub_dims}}},
                                  {128, 128}};
  check(permuted, stored, box{{60, 120}, {70, 137}}, dtype::float32, [](grid_index const& at) {
    return std::pair{2 * (at[0] % 65) + at[0] / 65, at[1]};
  });
}

TEST_CASE("what becomes infinite is counted, or is an error", "[cast]") {
  auto const count = std::make_shared<overflow_count>();
  cast_stage const stage{"w", dtype::float32, dtype::float16, count};
  float const values[] = {1e5F, -1e5F, 65520.0F, 65519.0F, HUGE_VALF, -HUGE_VALF, NAN, 1.0F};
  std::byte in[sizeof values];
  std::byte out[sizeof values / 2];
  std::memcpy(in, values, sizeof values);
  extents const shape{2, 4};
  box const all{shape};
  stage.apply({shape, {in, all, {4, 1}}, {}, {}, {out, all, {4, 1}}});
  CHECK(count->elements == 3);
  std::uint16_t bits[8];
  std::memcpy(bits, out, sizeof out);
  CHECK((bits[0] == 0x7c00 && bits[1] == 0xfc00 && bits[3] == 0x7bff && bits[7] == 0x3c00));
  count->is_error = true;
  try {
    stage.apply({shape, {in, all, {4, 1}}, {}, {}, {out, all, {4, 1}}});
    CHECK(false);
  } catch (checkpoint_error const& e) {
    CHECK(e.code() == errc::finite_values_become_infinite);
  }
  CHECK_THROWS_AS((cast_stage{"w", dtype::int8, dtype::float16, count}), codec_error);
}

}  // namespace dequantize_stage_test
