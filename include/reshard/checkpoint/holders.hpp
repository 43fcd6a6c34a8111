#pragma once

#include <reshard/checkpoint/catalog.hpp>
#include <reshard/checkpoint/names.hpp>

#include <optional>

namespace reshard {
inline namespace v1 {
namespace detail {

/// "0, 2, 3"
inline std::string list_of(std::vector<index_t> const& ranks) {
  std::string out;
  for (index_t const rank : ranks) out += (out.empty() ? "" : ", ") + std::to_string(rank);
  return out;
}

/// "rank 2", "ranks 0, 2, 3"
inline std::string ranks_text(std::vector<index_t> const& ranks) {
  return (ranks.size() == 1 ? "rank " : "ranks ") + list_of(ranks);
}

/// Ranks that should hold something, none of which does: "ranks 1, 5 should hold it: looked at rank
/// 1; there is no file of rank 5".
inline std::string unheld_text(catalog const& c, std::vector<index_t> const& ranks) {
  std::vector<index_t> seen;
  std::vector<index_t> without_file;
  for (index_t const rank : ranks) (c.files.contains(rank) ? seen : without_file).push_back(rank);
  std::string out = ranks_text(ranks) + " should hold it: ";
  if (!seen.empty()) out += "looked at " + ranks_text(seen);
  if (!without_file.empty())
    out += (seen.empty() ? "" : "; ") + ("there is no file of " + ranks_text(without_file));
  return out;
}

/// Names by the same text, as in "w, x: text; y: other text".
class grouped_findings {
 public:
  void add(std::string const& name, std::string const& text) { names_[text].push_back(name); }
  [[nodiscard]] bool empty() const noexcept { return names_.empty(); }
  [[nodiscard]] std::string text() const {
    std::string out;
    for (auto const& [text, names] : names_)
      out += (out.empty() ? "" : "; ") + listed(names) + ": " + text;
    return out;
  }

 private:
  std::map<std::string, std::vector<std::string>> names_;
};
}  // namespace detail

/// The parts of a tensor that no present rank of a placement holds: for each the ranks that should.
///   cost: O(ranks)
[[nodiscard]] inline std::vector<std::vector<index_t>> unheld_parts(catalog const& c,
                                                                    std::string const& name,
                                                                    placement const& p) {
  std::vector<std::vector<index_t>> out;
  for (index_t d = 0; d < p.devices(); ++d) {
    replica_group const group = p.where->replicas_of(d);
    if (group[0] != d || p.where->local_shape(d).elements() == 0) continue;
    std::vector<index_t> ranks;
    bool held = false;
    for (index_t k = 0; k < group.size() && !held; ++k) {
      ranks.push_back(p.first_rank + group[k]);
      held = c.stored(ranks.back(), name) != nullptr;
    }
    if (!held) out.push_back(std::move(ranks));
  }
  return out;
}

namespace detail {
/// What is missing of a tensor, a needed part of which no present rank holds.
inline std::string unheld_text(catalog const& c, catalog_tensor const& t) {
  std::string out;
  for (placement const& p : t.placements)
    for (std::vector<index_t> const& ranks : unheld_parts(c, t.name, p))
      out += (out.empty() ? "" : "; ") + unheld_text(c, ranks);
  return out;
}
}  // namespace detail

}  // namespace v1
}  // namespace reshard
