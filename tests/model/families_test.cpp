#include <reshard/model/families.hpp>

#include "checkpoint/remapped.hpp"

namespace families_test {

using namespace reshard;
using namespace remapped;

namespace {

config_number number(index_t value, char const* key) {
  return {value, key};
}

/// A tiny model: all extents differ, n * d is not the hidden size, d is 8, there are 12 experts.
model tiny(model_family family) {
  model out;
  out.family = family;
  out.type = family == model_family::chatglm ? "chatglm" : "";
  out.hidden_size = number(20, "hidden_size");
  out.layers = number(3, "num_hidden_layers");
  out.heads = number(6, "num_attention_heads");
  out.kv_heads = number(2, "num_key_value_heads");
  out.vocab_size = number(31, "vocab_size");
  out.intermediate_size = number(14, "intermediate_size");
  out.head_dim = number(8, "head_dim");
  out.experts = number(12, "num_experts");
  out.expert_intermediate_size = number(family == model_family::mixtral ? 14 : 10, "moe");
  if (family != model_family::deepseek) return out;
  out.head_dim = std::nullopt;
  out.q_lora_rank = number(9, "q_lora_rank");
  out.kv_lora_rank = number(5, "kv_lora_rank");
  out.qk_nope_head_dim = number(3, "qk_nope_head_dim");
  out.qk_rope_head_dim = number(8, "qk_rope_head_dim");
  out.v_head_dim = number(7, "v_head_dim");
  out.first_dense_layers = number(1, "first_k_dense_replace");
  out.prediction_layers = number(1, "num_nextn_predict_layers");
  return out;
}

/// Sizes that no configuration states.
index_t free_size(std::string const& axis) {
  return axis == "s" ? 11 : axis == "f" ? 4 : axis == "one" ? 1 : 13;
}

/// All tensors of the left side of a table.
class left_side {
 public:
  explicit left_side(rule_table const& table) : table_(table), names_(table, {}) {}

  tensors make() {
    for (remap_rule const& rule : table_.rules) {
      values_ = detail::stated_values(rule, table_.sizes);
      for (std::size_t a = 0; a < rule.axes.size(); ++a)
        if (values_.sizes[a] == axis_values::unknown)
          values_.sizes[a] = free_size(rule.axes.members[a].front());
      for (tensor_pattern const& t : rule.left) add(t, 0);
    }
    return std::move(out_);
  }

 private:
  void add(tensor_pattern const& t, std::size_t variable) {
    if (variable < t.name.variables.size()) {
      std::size_t const axis = t.name.variables[variable].axis;
      for (index_t i = 0; i < values_.sizes[axis]; ++i) {
        values_.fixed[axis] = i;
        add(t, variable + 1);
      }
      return;
    }
    extents shape;
    for (dim_expression const& e : t.dims) shape.append(size_of(e, values_.sizes));
    out_.add(names_.name_of(t.name, values_.fixed), shape);
  }

  rule_table const& table_;
  detail::name_matcher names_;
  axis_values values_;
  tensors out_;
};

std::size_t element_count(tensors const& all) {
  std::size_t out = 0;
  for (auto const& [name, values] : all.values) out += values.size();
  return out;
}

/// Forward uses every element once, reverse gives every tensor again.
void check_round_trip(rule_table const& table) {
  tensors const left = left_side{table}.make();
  tensors const right = remapped_tensors(left, table, remap_direction::forward);
  std::set<index_t> used;
  for (auto const& [name, values] : right.values) used.insert(values.begin(), values.end());
  CHECK(used.size() == element_count(left));
  CHECK(element_count(right) == element_count(left));
  tensors again = remapped_tensors(right, table, remap_direction::reverse);
  for (copied_name const& copy : table.copies)
    if (copy.is_left)
      std::erase_if(again.values,
                    [&](auto const& t) { return numbers_apart(t.first).text == copy.copy.text; });
  CHECK(again.values == left.values);
}

std::vector<family_flags> all_flags() {
  std::vector<family_flags> out;
  for (int bits = 0; bits < 64; ++bits) {
    family_flags flags;
    flags.target = (bits & 1) != 0 ? naming::mcore : naming::legacy;
    flags.qkv_concat = flags.mlp_concat = (bits & 2) != 0;
    flags.grouped_gemm = flags.rearrange_rope = (bits & 4) != 0;
    flags.qkv = (bits & 8) != 0 ? qkv_order::grouped : qkv_order::plain;
    flags.gate = (bits & 16) != 0 ? gate_order::interleaved : gate_order::concatenated;
    if ((bits & 32) != 0) flags.mlp_concat = !*flags.mlp_concat;
    out.push_back(flags);
  }
  return out;
}
}  // namespace

TEST_CASE("reverse after forward is the identity for every family and flag", "[families]") {
  for (weight_family const* family : known_families()) {
    model const config = tiny(family->type);
    std::set<std::string> done;  // tables that differ
    for (family_flags const& flags : all_flags()) {
      family_inputs const in{&config, flags, nullptr};
      rule_table table;
      try {
        table = family->rules(in);
      } catch (checkpoint_error const& e) {
        CHECK(e.code() == errc::arguments_disagree);  // names that the family does not have
        continue;
      }
      std::string text;
      for (remap_rule const& rule : table.rules) text += rule.text + '\n';
      INFO(family->names[0] << '\n' << text);
      if (done.insert(text).second) check_round_trip(table);
    }
    CHECK(done.size() >= 1);
  }
}

TEST_CASE("names of either side are unique", "[families]") {
  for (weight_family const* family : known_families()) {
    model const config = tiny(family->type);
    for (auto const target : {naming::legacy, naming::mcore}) {
      family_flags flags;
      flags.target = target;
      try {
        rule_table const table = family->rules({&config, flags, nullptr});
        CHECK(left_side{table}.make().listed.tensors.size() ==
              left_side{table}.make().values.size());
      } catch (checkpoint_error const& e) {
        CHECK(e.code() == errc::arguments_disagree);
      }
    }
  }
}

TEST_CASE("a renaming needs no configuration, a permutation does", "[families]") {
  model const config = tiny(model_family::dense);
  tensors const left = left_side{llama_family.rules({&config, {}, nullptr})}.make();
  rule_table const bare = llama_family.rules({});
  CHECK(remap(left.listed, bare, remap_direction::forward).tensors.size() == left.values.size());
  family_flags fused;
  fused.qkv_concat = true;
  CHECK_THROWS_WITH(
      remap(left.listed, llama_family.rules({nullptr, fused, nullptr}), remap_direction::forward),
      Catch::Contains("--config"));
}

TEST_CASE("a tied model has its output layer when asked for", "[families]") {
  model config = tiny(model_family::dense);
  config.tied = true;
  tensors left = left_side{llama_family.rules({&config, {}, nullptr})}.make();
  left.listed.tensors.erase(
      std::find_if(left.listed.tensors.begin(), left.listed.tensors.end(),
                   [](catalog_tensor const& t) { return t.name == "lm_head.weight"; }));
  family_flags flags;
  rule_table const plain = llama_family.rules({&config, flags, nullptr});
  flags.untie = true;
  rule_table const untied = llama_family.rules({&config, flags, nullptr});
  tensors const without = remapped_tensors(left, plain, remap_direction::forward);
  tensors const with = remapped_tensors(left, untied, remap_direction::forward);
  CHECK(!without.values.contains("lm_head.weight"));
  CHECK(with.values.at("lm_head.weight") ==
        with.values.at("model.tok_embeddings.embedding_weight"));
  remapping const reverse = remap(with.listed, plain, remap_direction::reverse);
  CHECK(reverse.left_out.at(0).name == "lm_head.weight");
  config.tied = false;
  CHECK_THROWS_WITH(
      remap(left.listed, llama_family.rules({&config, {}, nullptr}), remap_direction::forward),
      Catch::Contains("missing: lm_head.weight"));
}

TEST_CASE("families are found by all their names", "[families]") {
  CHECK(&family_named("llama3_1") == &llama_family);
  CHECK(&family_named("deepseekv3") == &deepseek_family);
  CHECK_THROWS_WITH(family_named("bloom"), Catch::Contains("mixtral"));
}

}  // namespace families_test
