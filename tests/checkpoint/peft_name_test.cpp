#include <reshard/checkpoint/peft_name.hpp>

#include <catch2/catch.hpp>

namespace peft_name_test {

using namespace reshard;

namespace {
std::string text(char const* name) {
  peft_name const found = peft_name_of(name);
  constexpr char const* parts[] = {"A",           "B",           "B bias",
                                   "embedding A", "embedding B", "magnitude",
                                   "replacement", "original",    "unknown"};
  return found.module + " " + parts[static_cast<std::size_t>(found.part)] + " " +
         std::to_string(found.nesting);
}
}  // namespace

TEST_CASE("names in PEFT adapters: the module and the part", "[peft_name]") {
  CHECK(text("base_model.model.m.0.q.lora_A.weight") == "m.0.q A 0");
  CHECK(text("base_model.model.m.0.q.lora_B.weight") == "m.0.q B 0");
  CHECK(text("base_model.model.m.0.q.lora_B.bias") == "m.0.q B bias 0");
  CHECK(text("base_model.model.m.q.lora_A.default.weight") == "m.q A 0");
  CHECK(text("base_model.model.m.e.lora_embedding_A") == "m.e embedding A 0");
  CHECK(text("base_model.model.m.e.lora_embedding_B.default") == "m.e embedding B 0");
  CHECK(text("base_model.model.m.q.lora_magnitude_vector") == "m.q magnitude 0");
  CHECK(text("base_model.model.m.q.lora_magnitude_vector.default.weight") == "m.q magnitude 0");
  CHECK(text("base_model.model.x.experts.base_layer.lora_A.weight") == "x.experts A 1");
  CHECK(text("base_model.model.m.e.base_layer.weight") == "m.e.weight replacement 0");
  CHECK(text("base_model.model.head.modules_to_save.default.weight") ==
        "head.weight replacement 0");
  CHECK(text("base_model.model.head.modules_to_save.weight") == "head.weight replacement 0");
  CHECK(text("base_model.model.head.original_module.weight") ==
        "head.original_module.weight original 0");
  CHECK(text("base_model.model.head.out.bias") == "head.out.bias replacement 0");
  CHECK(text("module.base_model.model._orig_mod.m.q.lora_A.weight") == "m.q A 0");
  CHECK(text("base_model.model.m.q.lora_A.bias") == "m.q unknown 0");
  CHECK(text("base_model.model.m.q.lora_C.weight") == "m.q unknown 0");
  CHECK(text("base_model.model.m.e.token_adapter.trainable_tokens_delta") == "m.e unknown 0");
}

}  // namespace peft_name_test
