// Any bytes as an index of a folder: no crash; what is accepted has unique names and plain file
// names, and is the same after it was printed and read again.

#include "fuzz_file.hpp"

#include <reshard/codec/dcp_info_json.hpp>
#include <reshard/codec/weight_index_json.hpp>

#include <set>

using namespace reshard;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string const text{reinterpret_cast<char const*>(data), size};
  try {
    (void)dcp_info_of(std::string_view{text}, "fuzz");
  } catch (codec_error const&) {
  }
  weight_index index;
  try {
    index = weight_index_of(text, "fuzz");
  } catch (codec_error const& e) {
    fuzz::require(e.path() == "fuzz");
    return 0;
  }
  std::set<std::string> names;
  for (auto const& [name, file] : index.weight_map) {
    fuzz::require(names.insert(name).second);
    fuzz::require(!file.empty() && file != ".." && file.find('/') == file.npos);
  }
  for (weight_index_style const& style : {huggingface_style, torch_style, mindspore_style}) {
    weight_index const again = weight_index_of(weight_index_json(index, style), "printed");
    fuzz::require(again.warnings.empty());
    fuzz::require(again.metadata.size() == index.metadata.size());
    fuzz::require(again.weight_map.size() == index.weight_map.size());
    if (style.order == weight_index_style::keys::kept) {
      fuzz::require(again.weight_map == index.weight_map);
      fuzz::require(again.metadata == index.metadata);
    }
  }
  return 0;
}
