#include <reshard/checkpoint/lora_stage.hpp>

#include <catch2/catch.hpp>

#include <random>

namespace lora_stage_test {

using namespace reshard;

namespace {

/// A whole tensor in memory, with its numbers.
struct tensor {
  dtype type;
  extents shape;
  std::vector<std::byte> bytes;
  std::vector<double> numbers;

  tensor(dtype t, extents const& s, std::vector<double> const& values)
      : type(t), shape(s), bytes(values.size() * item_bytes(t)), numbers(values.size()) {
    write_numbers(t, values.data(), values.size(), bytes.data());
    read_numbers(t, bytes.data(), values.size(), numbers.data());
  }
  [[nodiscard]] stage_tile whole() {
    box const all{shape};
    return {bytes.data(), all, row_major_strides(all.extent())};
  }
};

std::mt19937 random_bits{20260117};

tensor random_tensor(dtype type, extents const& shape, bool integers) {
  std::vector<double> values(static_cast<std::size_t>(shape.elements()));
  for (double& x : values)
    x = integers ? static_cast<double>(std::uniform_int_distribution{-3, 3}(random_bits))
                 : std::normal_distribution{}(random_bits);
  return {type, shape, values};
}

/// The stage over the parts of random cuts along dims that may be cut; operands are boxes of their
/// own, as the mover gathers them.
std::vector<std::byte> cut_and_run(lora_stage const& stage, tensor& base,
                                   std::vector<tensor>& operands, int cuts) {
  any_stage const any{stage};
  std::vector<std::byte> out(static_cast<std::size_t>(base.shape.elements()) * any.items().out);
  std::vector<box> parts{box{base.shape}};
  auto const whole = any.whole_dims(base.shape);
  for (int i = 0; i < cuts; ++i) {
    std::size_t const p = random_bits() % parts.size();
    std::size_t const d = random_bits() % base.shape.rank();
    box& part = parts[p];
    if (whole.contains(tensor_dim{static_cast<std::uint8_t>(d)}) || part.extent()[d] < 2) continue;
    index_t const at = 1 + static_cast<index_t>(random_bits()) % (part.extent()[d] - 1);
    box rest = part;
    rest.offset_[d] += at;
    rest.extent_[d] -= at;
    part.extent_[d] = at;
    parts.push_back(rest);
  }
  for (box const& part : parts) {
    std::vector<box> const boxes = any.operands(base.shape, part);
    REQUIRE(boxes.size() == operands.size());
    std::vector<std::vector<std::byte>> held;
    std::vector<stage_tile> tiles;
    for (std::size_t k = 0; k < boxes.size(); ++k) {
      std::size_t const item = item_bytes(operands[k].type);
      grid_index const stride = row_major_strides(boxes[k].extent());
      held.emplace_back(static_cast<std::size_t>(boxes[k].elements()) * item);
      for (index_t n = 0; n < boxes[k].elements(); ++n) {
        grid_index at = boxes[k].offset();
        for (std::size_t d = 0; d < at.size(); ++d) at[d] += n / stride[d] % boxes[k].extent()[d];
        std::memcpy(held.back().data() + static_cast<std::size_t>(n) * item,
                    operands[k].whole().at(at, item), item);
      }
      tiles.push_back({held.back().data(), boxes[k], stride});
    }
    std::vector<std::byte> scratch(any.scratch_bytes(part));
    stage_tile in = base.whole();
    stage_tile to{out.data(), in.where, in.stride};
    in = {in.at(part.offset(), any.items().in), part, in.stride};
    to = {to.at(part.offset(), any.items().out), part, to.stride};
    any.apply({base.shape, in, tiles, scratch, to});
  }
  return out;
}

/// scale * sum over k of left[i][k] * right[k][j] in double, for a base of (rows, columns).
double product_at(tensor const& left, tensor const& right, index_t i, index_t j) {
  index_t const depth = right.shape[0];
  index_t const columns = static_cast<index_t>(right.numbers.size()) / depth;
  double sum = 0;
  for (index_t k = 0; k < depth; ++k)
    sum += left.numbers[static_cast<std::size_t>(i * depth + k)] *
           right.numbers[static_cast<std::size_t>(k * columns + j)];
  return sum;
}

std::vector<double> numbers_of(dtype type, std::vector<std::byte> const& bytes) {
  std::vector<double> out(bytes.size() / item_bytes(type));
  read_numbers(type, bytes.data(), out.size(), out.data());
  return out;
}

lora_update update(index_t rank, double scale, dtype type, lora_norm norm = lora_norm::none) {
  return {rank, scale, type, type, true, norm, dtype::float32};
}
}  // namespace

TEST_CASE("a merge is exact on integers, for all types, whatever the cuts", "[lora_stage]") {
  for (dtype const base_type : {dtype::float32, dtype::bfloat16, dtype::float16, dtype::float64})
    for (dtype const type : {dtype::float32, dtype::bfloat16, dtype::float16})
      for (auto const precision : {lora_precision::float32, lora_precision::float64})
        for (int const cuts : {0, 5}) {
          tensor base = random_tensor(base_type, {13, 21}, true);
          std::vector<tensor> operands{random_tensor(type, {13, 3}, true),
                                       random_tensor(type, {3, 21}, true)};
          lora_stage const stage{
              "w", {base_type, base_type}, false, {update(3, 0.5, type)}, {precision, {}}};
          std::vector<double> const got =
              numbers_of(base_type, cut_and_run(stage, base, operands, cuts));
          std::size_t wrong = 0;
          for (index_t e = 0; e < 13 * 21; ++e) {
            auto const at = static_cast<std::size_t>(e);
            double const want =
                base.numbers[at] + 0.5 * product_at(operands[0], operands[1], e / 21, e % 21);
            wrong += got[at] == want ? 0 : 1;
          }
          CHECK(wrong == 0);
        }
}

TEST_CASE("an element has the same bits whatever it is computed together with", "[lora_stage]") {
  for (dtype const type : {dtype::float32, dtype::bfloat16})
    for (auto const norm : {lora_norm::none, lora_norm::rows, lora_norm::columns}) {
      tensor base = random_tensor(type, {21, 270}, false);
      std::vector<tensor> operands{random_tensor(type, {21, 5}, false),
                                   random_tensor(type, {5, 270}, false)};
      if (norm != lora_norm::none)
        operands.push_back(
            random_tensor(dtype::float32, {norm == lora_norm::rows ? 21 : 270}, false));
      operands.push_back(random_tensor(dtype::float32, {21, 260}, false));
      operands.push_back(random_tensor(dtype::float32, {260, 270}, false));
      lora_stage const stage{"w",
                             {type, type},
                             false,
                             {update(5, 0.3, type, norm), update(260, 0.01, dtype::float32)},
                             {}};
      std::vector<std::byte> const whole = cut_and_run(stage, base, operands, 0);
      for (int const cuts : {2, 9}) CHECK(cut_and_run(stage, base, operands, cuts) == whole);
    }
}

TEST_CASE("floats are added once with k ascending, and rounded once", "[lora_stage]") {
  tensor base = random_tensor(dtype::bfloat16, {9, 40}, false);
  std::vector<tensor> operands{random_tensor(dtype::float32, {9, 16}, false),
                               random_tensor(dtype::float32, {16, 40}, false)};
  auto const run = [&](lora_arithmetic how) {
    lora_stage const stage{
        "w", {dtype::bfloat16, dtype::bfloat16}, false, {update(16, 0.37, dtype::float32)}, how};
    return numbers_of(dtype::bfloat16, cut_and_run(stage, base, operands, 5));
  };
  std::vector<double> const by_floats = run({});
  std::vector<double> const by_doubles = run({lora_precision::float64, lora_rounding::once});
  std::vector<double> const peft = run({lora_precision::float32, lora_rounding::peft});
  auto const rounded = [](double x) {
    std::uint16_t bits = 0;
    write_numbers(dtype::bfloat16, &x, 1, reinterpret_cast<std::byte*>(&bits));
    return static_cast<double>(std::bit_cast<float>(std::uint32_t{bits} << 16));
  };
  std::size_t wrong = 0;
  std::size_t twice = 0;
  for (index_t e = 0; e < 360; ++e) {
    auto const at = static_cast<std::size_t>(e);
    float sum = 0;
    for (index_t k = 0; k < 16; ++k) {
      float const one =
          static_cast<float>(operands[0].numbers[static_cast<std::size_t>(e / 40 * 16 + k)]) *
          static_cast<float>(operands[1].numbers[static_cast<std::size_t>(k * 40 + e % 40)]);
      sum += one;
    }
    float const delta = 0.37F * sum;
    double const exact =
        base.numbers[at] + 0.37 * product_at(operands[0], operands[1], e / 40, e % 40);
    wrong += by_floats[at] == rounded(static_cast<float>(base.numbers[at]) + delta) ? 0 : 1;
    wrong += by_doubles[at] == rounded(exact) ? 0 : 1;
    wrong += peft[at] == rounded(base.numbers[at] + rounded(delta)) ? 0 : 1;
    twice += peft[at] != by_floats[at] ? 1 : 0;
  }
  CHECK(wrong == 0);
  CHECK(twice > 0);  // PEFT's safe merge is not the nearest number
}

TEST_CASE("MindFormers' rounding goes through the adapter's type", "[lora_stage]") {
  tensor base{dtype::float16, {1, 1}, {1}};
  // 1 * 2049 is 2048 in float16; times 0.5, plus 1
  std::vector<tensor> operands{{dtype::float16, {1, 2}, {1, 1}},
                               {dtype::float16, {2, 1}, {2048, 1}}};
  lora_stage const stage{"w",
                         {dtype::float16, dtype::float32},
                         false,
                         {update(2, 0.5, dtype::float16)},
                         {lora_precision::float32, lora_rounding::mindformers}};
  CHECK(numbers_of(dtype::float32, cut_and_run(stage, base, operands, 0)) ==
        std::vector<double>{1025});
  lora_stage const once{
      "w", {dtype::float16, dtype::float32}, false, {update(2, 0.5, dtype::float16)}, {}};
  CHECK(numbers_of(dtype::float32, cut_and_run(once, base, operands, 0)) ==
        std::vector<double>{1025.5});
}

TEST_CASE("PEFT's numbers for DoRA, stacks, kernels and vectors", "[lora_stage]") {
  // V = W + delta has norms 5 and 10, magnitudes 10 and 5
  tensor base{dtype::float32, {2, 2}, {3, 4, 6, 8}};
  std::vector<tensor> dora{{dtype::float32, {2, 1}, {0, 2}},
                           {dtype::float32, {1, 2}, {1, -1}},
                           {dtype::float32, {2}, {10, 5}}};
  lora_types const types{dtype::float32, dtype::float32};
  lora_stage const rows{"w", types, false, {update(1, 1, dtype::float32, lora_norm::rows)}, {}};
  CHECK(numbers_of(dtype::float32, cut_and_run(rows, base, dora, 2)) ==
        std::vector<double>{6, 8, 4, 3});
  tensor turned{dtype::float32, {2, 2}, {3, 6, 4, 8}};  // the same, stored [in, out]
  std::vector<tensor> turned_dora{
      {dtype::float32, {2, 1}, {1, -1}}, {dtype::float32, {1, 2}, {0, 2}}, dora[2]};
  lora_stage const columns{
      "w", types, false, {update(1, 1, dtype::float32, lora_norm::columns)}, {}};
  CHECK(numbers_of(dtype::float32, cut_and_run(columns, turned, turned_dora, 2)) ==
        std::vector<double>{6, 4, 8, 3});
  // two experts of rank 2: B's columns by rank, A's rows by expert
  tensor experts{dtype::float32, {2, 2, 2}, std::vector<double>(8, 0)};
  std::vector<tensor> of_experts{{dtype::float32, {2, 2, 2}, {0, 2, 4, 6, 1, 3, 5, 7}},
                                 {dtype::float32, {2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7}}};
  lora_stage const stack{"w", types, true, {update(2, 1, dtype::float32)}, {}};
  CHECK(numbers_of(dtype::float32, cut_and_run(stack, experts, of_experts, 6)) ==
        std::vector<double>{4, 6, 12, 22, 22, 26, 62, 74});
  tensor kernel{dtype::float32, {2, 2, 1, 3}, std::vector<double>(12, 1)};
  std::vector<tensor> of_kernel{{dtype::float32, {2, 1}, {1, 10}},
                                {dtype::float32, {1, 2, 1, 3}, {1, 2, 3, 4, 5, 6}}};
  lora_stage const convolution{"w", types, false, {update(1, 2, dtype::float32)}, {}};
  CHECK(numbers_of(dtype::float32, cut_and_run(convolution, kernel, of_kernel, 4)) ==
        std::vector<double>{3, 5, 7, 9, 11, 13, 21, 41, 61, 81, 101, 121});
  tensor bias{dtype::float32, {3}, {1, 2, 3}};
  std::vector<tensor> of_bias{{dtype::float32, {1, 3}, {10, 20, 30}}};
  lora_update vector = update(1, 0.5, dtype::float32);
  vector.has_left = false;
  lora_stage const added{"b", types, false, {vector}, {}};
  CHECK(numbers_of(dtype::float32, cut_and_run(added, bias, of_bias, 2)) ==
        std::vector<double>{6, 12, 18});
}

TEST_CASE("what no number comes of is an error with tensor and element", "[lora_stage]") {
  tensor base{dtype::float16, {2, 3}, {1, 1, 1, 1, 1, 65504}};
  std::vector<tensor> operands{{dtype::float32, {2, 1}, {0, 1}},
                               {dtype::float32, {1, 3}, {0, 0, 99}}};
  lora_types const types{dtype::float16, dtype::float16};
  lora_stage const stage{"w", types, false, {update(1, 1, dtype::float32)}, {}};
  CHECK_THROWS_WITH(cut_and_run(stage, base, operands, 0),
                    Catch::Contains("tensor 'w': element [1, 2] is infinite"));
  tensor zero{dtype::float32, {2, 3}, {1, 1, 1, 0, 0, 0}};
  operands[1] = {dtype::float32, {1, 3}, {0, 0, 0}};
  operands.push_back({dtype::float32, {2}, {1, 1}});
  lora_stage const dora{"w",
                        {dtype::float32, dtype::float32},
                        false,
                        {update(1, 1, dtype::float32, lora_norm::rows)},
                        {}};
  CHECK_THROWS_WITH(cut_and_run(dora, zero, operands, 0), Catch::Contains("row 1 has norm 0"));
  CHECK_THROWS_WITH((lora_stage{"w", {dtype::int8, dtype::int8}, false, {}, {}}),
                    Catch::Contains("tensor 'w': Int8"));
}

}  // namespace lora_stage_test
