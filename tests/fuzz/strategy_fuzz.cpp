// Any bytes as a strategy file, protobuf or JSON, or as a group info file: no crash; what is
// accepted is the same after it was written in either form, if that can hold it, and read again.

#include "fuzz_file.hpp"

#include <reshard/codec/group_info.hpp>
#include <reshard/codec/mindspore_strategy.hpp>

#include <algorithm>
#include <optional>
#include <tuple>

using namespace reshard;

namespace {
using layouts = std::vector<parameter_layout>;

layouts sorted(layouts in) {
  auto const key = [](parameter_layout const& p) { return std::tie(p.name, p.stage); };
  std::sort(in.begin(), in.end(), [&](auto& a, auto& b) { return key(a) < key(b); });
  return in;
}
/// A strategy in the form that `write` gives it, read again; nothing if that form cannot hold it.
template <class Write> std::optional<layouts> again(strategy const& s, Write const& write) {
  std::string bytes;
  try {
    bytes = write(s);
  } catch (codec_error const&) {
    return std::nullopt;
  }
  return sorted(read_strategy(fuzz::path_of(bytes)).parameters);
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string const path = fuzz::path_of({reinterpret_cast<char const*>(data), size});
  try {
    (void)read_group_info(path);
  } catch (codec_error const& e) {
    fuzz::require(e.path() == path);
  }
  strategy s;
  try {
    s = read_strategy(path);
  } catch (codec_error const& e) {
    fuzz::require(e.path() == path);
    return 0;
  }
  layouts expected = sorted(s.parameters);
  for (parameter_layout& p : expected) p.tensor_shape.clear();  // protobuf has no field for it
  if (auto const binary = again(s, strategy_bytes)) fuzz::require(*binary == expected);
  expected = sorted(s.parameters);
  for (parameter_layout& p : expected) p.nested_map = false;  // JSON has one form of maps
  if (auto const json = again(s, strategy_json)) fuzz::require(*json == expected);
  return 0;
}
