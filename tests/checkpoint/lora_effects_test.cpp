#include <reshard/checkpoint/lora_effects.hpp>

#include "by_hand.hpp"

#include <bit>

namespace lora_effects_test {

using namespace by_hand;

namespace {
numbers bits_of(std::vector<float> const& values) {
  numbers out;
  for (float const x : values) out.push_back(std::bit_cast<std::int32_t>(x));
  return out;
}

/// A checkpoint with W (2, 3), A (1, 3), B (2, 1), and the merge of W.
struct merge_case {
  folder work;
  catalog source;
  conversion_plan plan;
  lora_merge merge;

  merge_case(std::vector<float> const& w, std::vector<float> const& a, std::vector<float> const& b,
             double scale) {
    source = open_weights(write(work.path + "/m.ckpt", {{"W", {2, 3}, bits_of(w), "Float32"},
                                                        {"A", {1, 3}, bits_of(a), "Float32"},
                                                        {"B", {2, 1}, bits_of(b), "Float32"}}),
                          all_formats());
    for (tensor_route& route : lay_out(source, nullptr).routes)
      plan.tensors.push_back(planned(source, std::move(route)));
    merge = {"W",
             {{1, scale}},
             {as_stored(source, source.tensors[2]), as_stored(source, source.tensors[1])},
             false};
  }
  [[nodiscard]] lora_effect effect() const {
    std::vector<lora_effect> const all = effects_of(plan, std::array{merge});
    REQUIRE(all.size() == 1);
    return all.front();
  }
};
}  // namespace

TEST_CASE("changed elements and the largest change are counted", "[lora_effects]") {
  // 2 * B x A = {2, 0, -4}, {6, 0, -12}
  lora_effect const e = merge_case{{1, 2, 3, 4, 5, 6}, {1, 0, -2}, {1, 3}, 2}.effect();
  CHECK(e.tensor == "W");
  CHECK(e.sampled == 6);
  CHECK(e.changed == 4);
  CHECK(e.largest_change == 12);
  CHECK(e.relative_error == 0);
  CHECK(e.update_error == 0);
}

TEST_CASE("an update below the precision of the result's type is lost", "[lora_effects]") {
  merge_case c{{256, 256, 256, 256, 256, 256}, {0.5, 0.5, 0.5}, {1, 1}, 1};
  c.plan.tensors[0].to.type = dtype::bfloat16;  // 256.5 is a tie: 256
  lora_effect const e = c.effect();
  CHECK(e.changed == 0);
  CHECK(e.update_error == 1);
  CHECK(e.relative_error == Approx(0.5 / 256.5));
}

TEST_CASE("an adapter of zeros has no effect and no error", "[lora_effects]") {
  lora_effect const e = merge_case{{0, 0, 0, 0, 0, 0}, {1, 1, 1}, {0, 0}, 1}.effect();
  CHECK(e.changed == 0);
  CHECK(e.largest_change == 0);
  CHECK(e.relative_error == 0);
  CHECK(e.update_error == 0);
}

TEST_CASE("a result that is no number is found on the sample already", "[lora_effects]") {
  merge_case const c{{1, 1, 1, 1, 1, 1}, {std::numeric_limits<float>::infinity(), 1, 1}, {1, 1}, 1};
  CHECK_THROWS_WITH(c.effect(), Catch::Contains("'W': element [0, 0]"));
}

}  // namespace lora_effects_test
