// Converts weights between the names of Hugging Face and those of MindSpore Transformers.

#include "support/checkpoints.hpp"
#include "support/move_tensors.hpp"
#include "support/weight_config.hpp"
#include "support/weight_outputs.hpp"

#include <reshard/checkpoint/remap_copies.hpp>
#include <reshard/checkpoint/remap_plan.hpp>

using namespace reshard;

namespace {

/// How fused tensors are ordered: what the flags say, else what the files say, else the default,
/// with a warning if nothing in the files tells.
void take_orders(tools::weight_flags& flags, catalog const& source) {
  bool const fused = flags.variant.qkv_concat.value_or(
      flags.variant.target.value_or(naming::legacy) == naming::mcore);
  std::string qkv;
  std::string gate;
  for (auto const& [rank, file] : source.files)
    for (auto const& [key, value] : file.index->index().metadata) {
      if (key == "qkv_layout") qkv = value;
      if (key == "fc1_layout") gate = value;
    }
  if (!flags.qkv && !qkv.empty())
    flags.qkv = qkv == "plain" ? qkv_order::plain : qkv_order::grouped;
  if (!flags.gate && !gate.empty())
    flags.gate = gate == "concat" ? gate_order::concatenated : gate_order::interleaved;
  if (flags.reversed && fused && (!flags.qkv || !flags.gate))
    fmt::print(stderr,
               "warning: the files do not say how fused tensors are ordered; --qkv_layout grouped "
               "and --fc1_layout interleaved are assumed\n");
  flags.variant.qkv = flags.qkv.value_or(qkv_order::grouped);
  flags.variant.gate = flags.gate.value_or(gate_order::interleaved);
}

text_pairs metadata_of(tools::weight_flags const& flags) {
  if (flags.reversed) return {{"format", "pt"}};
  return {{"fc1_layout", flags.variant.gate == gate_order::concatenated ? "concat" : "interleaved"},
          {"format", "ms"},
          {"qkv_layout", flags.variant.qkv == qkv_order::plain ? "plain" : "grouped"}};
}

/// The sources, the rules, and what they make of one another.
struct job {
  catalog source;
  tools::weight_config config;
  rule_table table;
  remapping mapped;

  void map(tools::weight_flags const& flags) {
    model const* const sizes = config.sizes ? &*config.sizes : nullptr;
    table = flags.family().rules({sizes, flags.variant, &source});
    if (sizes == nullptr)
      for (auto const& [axis, size] : flags.sizes) table.size(axis, config_number{size, "a flag"});
    mapped = remap(source, table, flags.direction(), {flags.allow_unknown});
  }
  /// A tied model whose output layer is another one than the embedding is not tied.
  void check_copies(tools::weight_flags const& flags) {
    std::vector<std::string> const differing = differing_copies(source, mapped);
    if (differing.empty()) return;
    if (flags.strict_copies) detail::replicas_differ(differing.front());
    tools::print_warnings(differing);
    if (!config.sizes || !config.sizes->tied.value_or(false)) return;
    config.sizes->tied = false;
    map(flags);
  }
};

void print_rules(remapping const& mapped, std::string const& name) {
  for (remapped_tensor const& t : mapped.tensors)
    if (t.name == name && t.rule != nullptr) fmt::print("rule: {}\n", t.rule->text);
}

void print_footer(job const& j, tools::weight_flags const& flags) {
  auto const list = [](char const* what, std::vector<std::string> const& names) {
    if (!names.empty()) fmt::print("{}: {}\n", what, grouped(names));
  };
  std::vector<std::string> left_out;
  for (copied_tensor const& copy : j.mapped.left_out) left_out.push_back(copy.name);
  std::vector<std::string> copies;
  for (copied_tensor const& copy : j.mapped.copies) copies.push_back(copy.name);
  fmt::print("{} tensors -> {} tensors of {}\n", j.source.tensors.size(), j.mapped.tensors.size(),
             flags.family().what);
  list("dropped", j.mapped.dropped);
  list("left out, copies of others", left_out);
  list("written again as copies", copies);
  list("unknown, copied as they are", j.mapped.passed);
}

int convert(tools::weight_flags& flags, tools::job_report& report) {
  tools::weight_outputs const outputs = tools::outputs_of(flags);
  job j;
  j.config = tools::read_weight_config(flags);
  j.source = tools::open_source(flags);
  take_orders(flags, j.source);
  j.map(flags);
  j.check_copies(flags);
  remap_types types;
  types.type = flags.result_type();
  types.overflows->is_error = flags.strict_overflow;
  if (j.config.sizes && j.config.sizes->fp8_block) types.fp8_block = *j.config.sizes->fp8_block;
  catalog const targets = targets_of(j.mapped, types);
  conversion_plan plan = tools::plan_weights(targets, flags, outputs, metadata_of(flags));
  if (!flags.mover.quiet) print_footer(j, flags);
  for (std::string const& name : flags.mover.explain) print_rules(j.mapped, name);
  take_from_source(plan, std::move(j.mapped), types);
  int const status = tools::move_tensors(std::move(plan), flags.mover, outputs.path, report);
  if (std::uint64_t const count = types.overflows->elements; count > 0)
    fmt::print(stderr, "warning: {} finite values became infinite\n", count);
  return status;
}
}  // namespace

int main(int argc, char** argv) {
  tools::tool app{"Converts weights between Hugging Face's and MindSpore Transformers' names."};
  app.footer(
      "example: convert_weight --model llama --input_path hf_folder --output_path llama.ckpt\n"
      "         convert_weight --model llama --reversed --input_path llama.ckpt --output_path hf");
  tools::weight_flags flags;
  flags.add_to(app);
  return tools::run_reported(app, argc, argv, flags.mover,
                             [&](tools::job_report& report) { return convert(flags, report); });
}
