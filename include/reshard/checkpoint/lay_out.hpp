#pragma once

#include <reshard/checkpoint/open.hpp>

namespace reshard {
inline namespace v1 {

/// What to do with a name that only the source strategy lists.
enum class unlisted_rule { refuse, drop, full };

/// Which treatment a name gets that a strategy does not list: ours, or MindSpore's (raw local
/// copies).
enum class compatibility { none, mindspore };

struct layout_options {
  name_filter names;
  unlisted_rule unlisted = unlisted_rule::refuse;
  tail_rule tail = tail_rule::exact;  ///< of destination cuts that do not divide
  compatibility compat = compatibility::none;
};

/// A tensor on its way: `from` in the source catalog, `to` in the files to be written.
///   to.listed: the destination strategy states its layout; without one, the source's did
struct tensor_route {
  catalog_tensor from;
  catalog_tensor to;
};

/// A destination before it has files: which rank gets which box of which tensor.
struct destination_layout {
  index_t ranks = 1;
  index_t ranks_per_stage = 1;
  std::vector<tensor_route> routes;  ///< in the order of the source
  std::vector<std::string> warnings;
};

namespace detail {

/// Placements of a tensor under a destination strategy, one per stage that lists it.
inline std::vector<placement> listed_placements(std::string const& name, extents const& shape,
                                                std::span<parameter_layout const* const> stages,
                                                index_t devices, tail_rule tail) {
  std::vector<placement> out;
  for (parameter_layout const* p : stages) {
    try {
      out.push_back({p->stage * devices, strategy_layout(*p, shape, tail)});
    } catch (layout_error const& e) {
      bool const divide = e.code() == errc::dim_does_not_divide_over_its_device_axes;
      throw checkpoint_error{
          e.code(), e.rule(),
          "tensor '" + name + "' of shape " + shape_text(shape) +
              ": destination strategy: " + e.what() +
              (divide ? " (--uneven ceil or --uneven balanced cuts it all the same; "
                        "MindSpore cannot load the result)"
                      : "")};
    }
  }
  return out;
}

/// MindSpore's treatment of a name that one of the strategies lacks: local rank r of every stage
/// gets the local slice of source rank r % n, that of the lowest stage which has it (spec of
/// transform_checkpoints).
inline void add_raw_copies(destination_layout& out, catalog const& source,
                           std::string const& name) {
  index_t const n = source.ranks_per_stage;
  for (index_t local = 0; local < n && local < out.ranks_per_stage; ++local) {
    std::optional<index_t> holder;
    for (index_t rank = local; rank < source.ranks && !holder; rank += n)
      if (source.stored(rank, name) != nullptr) holder = rank;
    if (!holder)
      checkpoint_is_incomplete("tensor '" + name + "': a raw copy needs it in rank " +
                               std::to_string(local) + " or that rank of a later stage");
    indexed_tensor const& stored = *source.stored(*holder, name);
    extents const shape = shape_of(stored);
    tensor_route route{{name, stored.type, shape, false, {everywhere(shape, 1)}},
                       {name, stored.type, shape, false, {}}};
    route.from.placements.front().first_rank = *holder;
    for (index_t rank = 0; rank < out.ranks; ++rank) {
      if (rank % out.ranks_per_stage % n != local) continue;
      route.to.placements.push_back(everywhere(shape, 1, rank));
    }
    out.routes.push_back(std::move(route));
  }
}

class layout_maker {
 public:
  layout_maker(catalog const& source, strategy const* destination, layout_options const& options)
      : source_(source), options_(options), sharded_(destination != nullptr) {
    if (destination != nullptr) table_ = stages_of(*destination);
    out_.ranks_per_stage = table_.devices;
    out_.ranks = table_.devices * table_.stages;
  }

  destination_layout make() {
    name_selection names{options_.names};
    for (catalog_tensor const& tensor : source_.tensors)
      if (names.wants(tensor.name)) route(tensor);
    names.require_all_used();
    if (!refused_.empty()) refuse();
    if (!raw_.empty() && out_.routes.empty())
      names_do_not_match("no tensor is in both strategies: MindSpore converts none of them");
    for (std::string const& name : raw_) add_raw_copies(out_, source_, name);
    note("copied as raw local slices, as MindSpore does: ", raw_);
    note("dropped, not in the destination strategy: ", dropped_);
    note("in no strategy, taken as whole tensors and cut: ", cut_);
    note("not in the destination strategy, written whole to every rank: ", whole_);
    if (out_.routes.empty()) names_do_not_match("no tensor is left to be written");
    return std::move(out_);
  }

 private:
  [[noreturn]] void refuse() const {
    std::vector<std::string> others;
    for (catalog_tensor const& tensor : source_.tensors)
      if (std::find(refused_.begin(), refused_.end(), tensor.name) == refused_.end())
        others.push_back(tensor.name);
    names_do_not_match(std::to_string(refused_.size()) +
                       " tensors are in the source strategy but not in the destination strategy: " +
                       grouped(refused_) + "; " + drop_arguments(refused_, others) +
                       " drops them, --unlisted full writes them whole to every rank");
  }

  void route(catalog_tensor const& tensor) {
    auto const listed = table_.layouts.find(tensor.name);
    bool const in_destination = listed != table_.layouts.end();
    bool const redistributed = tensor.listed && (in_destination || !sharded_);
    if (options_.compat == compatibility::mindspore && source_.is_distributed() && !redistributed)
      return raw_.push_back(tensor.name);
    if (in_destination) {
      if (!tensor.listed && source_.is_distributed()) cut_.push_back(tensor.name);
      return add(tensor, true,
                 listed_placements(tensor.name, tensor.shape, listed->second, table_.devices,
                                   options_.tail));
    }
    if (sharded_ && tensor.listed && options_.unlisted == unlisted_rule::refuse)
      return refused_.push_back(tensor.name);
    if (sharded_ && tensor.listed && options_.unlisted == unlisted_rule::drop)
      return dropped_.push_back(tensor.name);
    if (sharded_ && source_.complete_weights) whole_.push_back(tensor.name);
    add(tensor, !sharded_ && tensor.listed, {everywhere(tensor.shape, out_.ranks)});
  }

  void add(catalog_tensor const& tensor, bool listed, std::vector<placement> placements) {
    out_.routes.push_back(
        {tensor, {tensor.name, tensor.type, tensor.shape, listed, std::move(placements)}});
    share_layouts(out_.routes.back().to, layouts_);
  }
  void note(char const* text, std::vector<std::string> const& names) {
    if (!names.empty()) out_.warnings.push_back(text + grouped(names));
  }

  catalog const& source_;
  layout_options const& options_;
  bool sharded_;
  stage_table table_;
  destination_layout out_;
  layout_pool layouts_;
  std::vector<std::string> refused_, dropped_, raw_, cut_, whole_;
};
}  // namespace detail

/// Lays a catalog out for a destination strategy, or, without one, as complete weights on rank 0.
///   throws: checkpoint_error names_do_not_match (with the names), or the broken layout rule with
///   the
///           tensor's name
[[nodiscard]] inline destination_layout lay_out(catalog const& source, strategy const* destination,
                                                layout_options const& options = {}) {
  return detail::layout_maker{source, destination, options}.make();
}

}  // namespace v1
}  // namespace reshard
