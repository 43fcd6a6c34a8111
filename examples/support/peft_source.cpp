#include "support/peft_source.hpp"

#include "support/checkpoints.hpp"

#include <reshard/codec/adapter_config.hpp>
#include <reshard/codec/torch_zip.hpp>

#include <filesystem>

namespace fs = std::filesystem;
using namespace reshard;

namespace tools {
namespace {

/// "DIR" or "DIR:weight".
std::pair<std::string, double> folder_and_weight(std::string const& text) {
  std::size_t const colon = text.rfind(':');
  if (fs::exists(text) || colon == text.npos) return {text, 1};
  try {
    std::size_t used = 0;
    double const weight = std::stod(text.substr(colon + 1), &used);
    if (colon + 1 + used == text.size()) return {text.substr(0, colon), weight};
  } catch (std::exception const&) {  // a path with a colon that is not there
  }
  return {text, 1};
}

/// The tensors of an adapter: adapter_model.safetensors, else adapter_model.bin.
catalog open_tensors(std::string const& folder) {
  file_format const kinds[] = {format_named("safetensors"), torch_format};
  for (char const* const name : {"adapter_model.safetensors", "adapter_model.bin"}) {
    std::string const path = (fs::path{folder} / name).string();
    if (!fs::exists(path)) continue;
    return open_weights(path, kinds);
  }
  detail::checkpoint_is_incomplete(folder +
                                   " has no adapter_model.safetensors and no adapter_model.bin");
}

peft_adapter open_adapter(std::string const& text) {
  auto const [folder, weight] = folder_and_weight(text);
  peft_adapter out{
      folder, read_adapter((fs::path{folder} / "adapter_config.json").string()), {}, weight};
  print_warnings(out.config.warnings);
  out.tensors = open_tensors(folder);
  print_warnings(out.tensors.warnings);
  return out;
}
}  // namespace

peft_merges merges_of(catalog const& base, lora_flags const& flags,
                      std::deque<peft_adapter>& adapters, lora_record& record) {
  peft_merger merger{base};
  for (std::string const& text : flags.adapters) {
    peft_adapter const& a = adapters.emplace_back(open_adapter(text));
    merger.add(a);
    record.add(a.path, a.tensors, a.tensors.tensors, flags.mover.force);
  }
  peft_merges merges = std::move(merger).take();
  print_warnings(merges.warnings);
  return merges;
}

}  // namespace tools
