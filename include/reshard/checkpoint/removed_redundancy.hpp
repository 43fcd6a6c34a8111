#pragma once

#include <reshard/checkpoint/holders.hpp>
#include <reshard/codec/strategy.hpp>

#include <set>
#include <string_view>
#include <unordered_set>

namespace reshard {
inline namespace v1 {

/// Whether ranks left out what other ranks have, by what their files say and by what they hold.
///   marked:  value of the metadata "remove_redundancy" -> the ranks whose files have it
///   lacking: rank -> a tensor of which another present rank holds the same part
struct redundancy_facts {
  std::map<std::string, std::vector<index_t>> marked;
  std::map<index_t, std::string> lacking;

  [[nodiscard]] bool says_removed() const { return marked.contains("True"); }
  [[nodiscard]] bool says_kept() const { return marked.contains("False"); }
  [[nodiscard]] bool was_removed() const { return !lacking.empty(); }
};

namespace detail {
inline void add_lacking(redundancy_facts& facts, catalog const& c, catalog_tensor const& t,
                        placement const& p) {
  for (auto at = c.files.lower_bound(p.first_rank); at != c.files.end() && p.has(at->first); ++at)
    if (at->second.index->find(t.name) == nullptr &&
        p.where->local_shape(at->first - p.first_rank).elements() != 0)
      facts.lacking.emplace(at->first, t.name);
}
}  // namespace detail

/// What is to be known of a distributed checkpoint's redundancy.
///   cost: O(tensors * ranks)
[[nodiscard]] inline redundancy_facts redundancy_of(catalog const& c) {
  redundancy_facts facts;
  for (auto const& [rank, file] : c.files)
    if (auto const* const value =
            detail::value_of(file.index->index().metadata, "remove_redundancy"))
      facts.marked[*value].push_back(rank);
  for (catalog_tensor const& t : c.tensors)
    if (t.listed)
      for (placement const& p : t.placements) detail::add_lacking(facts, c, t, p);
  return facts;
}

/// A parameter that a strategy lists and no file has.
///   ranks:    of the stages that list it
///   is_state: it is called as another parameter with a prefix, and no file has a name like that:
///             the state of an optimizer that was not saved
struct absent_parameter {
  std::string name;
  std::vector<index_t> ranks;
  bool is_state = false;
};

namespace detail {
/// Prefixes, with their '.', that make the name of one parameter that of another.
inline std::vector<std::string> state_prefixes(std::string const& name,
                                               std::set<std::string> const& names) {
  std::vector<std::string> out;
  for (std::size_t dot = name.find('.'); dot != name.npos; dot = name.find('.', dot + 1))
    if (names.contains(name.substr(dot + 1))) out.push_back(name.substr(0, dot + 1));
  return out;
}
}  // namespace detail

/// The parameters that a strategy lists and no file of a checkpoint that was opened under it has,
/// by name.
///   cost: O(parameters * log(parameters) + absent parameters * ranks)
[[nodiscard]] inline std::vector<absent_parameter> absent_parameters(catalog const& c,
                                                                     strategy const& s) {
  std::set<std::string> names;
  for (parameter_layout const& p : s.parameters) names.insert(p.name);
  std::set<std::string> stored;
  std::set<named_index const*> done;
  for (auto const& [rank, file] : c.files)
    if (done.insert(file.index.get()).second)
      for (indexed_tensor const& t : file.index->index().tensors) stored.insert(t.name);
  std::set<std::string> saved_prefixes;
  for (std::string const& name : stored)
    for (std::string const& prefix : detail::state_prefixes(name, names))
      saved_prefixes.insert(prefix);
  std::map<std::string, absent_parameter> absent;
  for (parameter_layout const& p : s.parameters) {
    if (stored.contains(p.name)) continue;
    absent_parameter& a = absent[p.name];
    a.name = p.name;
    for (index_t r = 0; r < c.ranks_per_stage; ++r)
      a.ranks.push_back(p.stage * c.ranks_per_stage + r);
    for (std::string const& prefix : detail::state_prefixes(p.name, names))
      a.is_state = a.is_state || !saved_prefixes.contains(prefix);
  }
  std::vector<absent_parameter> out;
  for (auto& [name, a] : absent) out.push_back(std::move(a));
  return out;
}

/// Which absent parameters are an error.
///   all:           but states of optimizers of which nothing was saved
///   of_lost_ranks: of these, those that a rank without a file may have
enum class absence_rule { all, of_lost_ranks };

/// Every parameter of a strategy is in some file.
///   throws: checkpoint_error checkpoint_is_incomplete with the names, the ranks that should hold
///           them and those that were looked at
inline void require_parameters(catalog const& c, strategy const& s,
                               absence_rule rule = absence_rule::all) {
  auto const is_lost = [&](index_t rank) { return !c.files.contains(rank); };
  detail::grouped_findings missing;
  for (absent_parameter const& a : absent_parameters(c, s)) {
    bool const lost = std::any_of(a.ranks.begin(), a.ranks.end(), is_lost);
    if (!a.is_state && (lost || rule == absence_rule::all))
      missing.add(a.name, detail::unheld_text(c, a.ranks));
  }
  if (!missing.empty())
    detail::checkpoint_is_incomplete("parameters of the strategy are in no file: " +
                                     missing.text());
}

}  // namespace v1
}  // namespace reshard
