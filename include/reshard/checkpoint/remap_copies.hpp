#pragma once

#include <reshard/checkpoint/remap.hpp>
#include <reshard/checkpoint/verify.hpp>

namespace reshard {
inline namespace v1 {

/// Tensors that were left out as copies of another one although they are not: "'a' is not a copy of
/// 'b': ...".
///   throws: codec_error when a file cannot be read
///   cost:   reads both
[[nodiscard]] inline std::vector<std::string> differing_copies(catalog const& source,
                                                               remapping const& mapped) {
  std::unordered_map<std::string, catalog_tensor const*> by_name;
  for (catalog_tensor const& t : source.tensors) by_name.emplace(t.name, &t);
  std::vector<std::string> out;
  for (copied_tensor const& copy : mapped.left_out) {
    auto const of = by_name.find(copy.of);
    if (of == by_name.end()) {
      out.push_back("'" + copy.name + "' is a copy of '" + copy.of + "', which is not there");
      continue;
    }
    std::vector<finding> const found = verify(source, *of->second, source, *by_name.at(copy.name));
    if (!found.empty())
      out.push_back("'" + copy.name + "' is no copy of '" + copy.of + "': " + found.front().what);
  }
  return out;
}

}  // namespace v1
}  // namespace reshard
