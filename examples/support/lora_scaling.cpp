#include "support/lora_scaling.hpp"

#include "support/tool.hpp"

#include <reshard/codec/adapter_config.hpp>

#include <filesystem>

namespace fs = std::filesystem;

namespace tools {
namespace {

/// The configuration in the source's folder or in one of the three above it; "" if there is none.
std::string adapter_config_beside(std::string const& source) {
  fs::path folder = fs::absolute(source).lexically_normal();
  if (!folder.has_filename() || !fs::is_directory(folder)) folder = folder.parent_path();
  for (int level = 0; level < 4; ++level, folder = folder.parent_path())
    if (fs::exists(folder / "adapter_config.json"))
      return (folder / "adapter_config.json").string();
  return {};
}
}  // namespace

lora_scalings::lora_scalings(lora_flags const& flags)
    : fixed_(flags.fixed_scaling()),
      alpha_(flags.alpha),
      by_rows_(!flags.destination_file.empty()) {
  if (fixed_ || alpha_) return;
  if (std::string const path = adapter_config_beside(flags.source); !path.empty()) {
    config_ = reshard::read_adapter(path);
    print_warnings(config_->warnings);
    rules_.emplace(*config_);
  } else if (by_rows_) {
    alpha_ = 16;  // as the script that has --dst_ckpt_path
    print_warnings(std::array{std::string{
        "there is no adapter_config.json beside the checkpoint: --lora_alpha 16 is assumed"}});
  } else {
    fixed_ = 1;
    print_warnings(std::array{std::string{
        "there is no adapter_config.json beside the checkpoint: --lora_scaling 1 is assumed"}});
  }
}

double lora_scalings::of(std::string const& module, reshard::index_t rank) const {
  if (fixed_) return *fixed_;
  if (alpha_) return *alpha_ / static_cast<double>(rank);
  if (by_rows_) return reshard::lora_scaling(rules_->alpha(module), rank, config_->rank_stabilized);
  if (rules_->rank(module) != rank)
    reshard::detail::adapter_does_not_fit(
        fmt::format("{}: A has {} rows, the rank in adapter_config.json is {}", module, rank,
                    rules_->rank(module)));
  return rules_->scaling(module);
}

}  // namespace tools
