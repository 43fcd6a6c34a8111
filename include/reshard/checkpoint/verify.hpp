#pragma once

#include <reshard/checkpoint/read_tensor.hpp>

#include <algorithm>
#include <cstring>
#include <optional>

namespace reshard {
inline namespace v1 {

/// One way in which two checkpoints differ.
struct finding {
  std::string tensor;
  std::string what;  ///< with shapes, types, index, ranks
};

namespace detail {

/// A piece and the ranks that store it.
struct held_piece {
  piece stored;
  std::vector<index_t> ranks;

  [[nodiscard]] box const& where() const noexcept { return stored.where(); }
};

/// The different pieces of a tensor in one placement, with their present holders.
inline std::vector<held_piece> held_pieces(catalog const& c, catalog_tensor const& t,
                                           placement const& p) {
  std::vector<held_piece> out;
  std::map<std::vector<index_t>, std::size_t> known;
  for (index_t d = 0; d < p.devices(); ++d) {
    if (c.stored(p.first_rank + d, t.name) == nullptr) continue;
    p.where->for_each_piece(d, [&](piece const& held, grid_index const&) {
      std::vector<index_t> key(held.where().offset().begin(), held.where().offset().end());
      key.insert(key.end(), held.stride().begin(), held.stride().end());
      key.insert(key.end(), held.where().extent().begin(), held.where().extent().end());
      key.push_back(held.base());
      auto const [at, fresh] = known.emplace(std::move(key), out.size());
      if (fresh) out.push_back({held, {}});
      out[at->second].ranks.push_back(p.first_rank + d);
    });
  }
  return out;
}

/// Calls sink(box) for boxes of at most `most` elements, contiguous within `where`, that make it
/// up.
template <class Sink> void for_each_slab(box const& where, index_t most, Sink const& sink) {
  std::size_t split = where.rank();
  index_t row = 1;  // elements of one index of dim split - 1
  while (split > 1 && row * where.extent()[split - 1] <= most) row *= where.extent()[--split];
  if (where.rank() == 0) return sink(where);
  std::size_t const dim = split - 1;
  index_t const rows = std::max<index_t>(1, most / row);
  box slab = where;
  for (std::size_t d = 0; d < dim; ++d) slab.extent_[d] = 1;
  while (true) {
    for (index_t i = 0; i < where.extent()[dim]; i += rows) {
      slab.offset_[dim] = where.offset()[dim] + i;
      slab.extent_[dim] = std::min(rows, where.extent()[dim] - i);
      sink(static_cast<box const&>(slab));
    }
    std::size_t d = dim;
    for (; d > 0; --d) {
      if (++slab.offset_[d - 1] < where[d - 1].end()) break;
      slab.offset_[d - 1] = where[d - 1].offset;
    }
    if (d == 0) return;
  }
}

class tensor_comparison {
 public:
  tensor_comparison(catalog const& a, catalog_tensor const& ta, catalog const& b,
                    catalog_tensor const& tb)
      : a_(a), b_(b), ta_(ta), tb_(tb), item_(item_bytes(ta.type)) {}

  /// Every rank of b that has elements holds those of a; every replica of a holds the same.
  std::vector<finding> run() {
    if (ta_.type != tb_.type)
      return {{tb_.name,
               std::string{name_of(ta_.type)} + " against " + std::string{name_of(tb_.type)}}};
    if (ta_.shape != tb_.shape)
      return {{tb_.name, "shape " + shape_text(ta_.shape) + " against " + shape_text(tb_.shape)}};
    for (placement const& p : ta_.placements) {
      std::vector<held_piece> const pieces = held_pieces(a_, ta_, p);
      sources_.insert(sources_.end(), pieces.begin(), pieces.end());
    }
    for (held_piece const& source : sources_)
      if (source.ranks.size() > 1) compare(a_, ta_, source);
    for (placement const& p : tb_.placements)
      for (held_piece const& target : held_pieces(b_, tb_, p)) compare(b_, tb_, target);
    return std::move(findings_);
  }

 private:
  static constexpr std::size_t slab_bytes = std::size_t{4} << 20;

  void compare(catalog const& c, catalog_tensor const& t, held_piece const& target) {
    std::vector<index_t> differing;
    for_each_slab(target.where(), static_cast<index_t>(slab_bytes / item_), [&](box const& slab) {
      if (!expect(slab))
        return add(t, "no present rank of the first has elements that ranks " + list(target.ranks) +
                          " of the second hold");
      found_.resize(expected_.size());
      for (index_t const rank : target.ranks) {
        if (std::find(differing.begin(), differing.end(), rank) != differing.end()) continue;
        read(c, t, target.stored, rank, slab, slab, found_);
        if (found_ == expected_) continue;
        differing.push_back(rank);
        add(t, "element " + first_difference(slab) + " differs in " + c.files.at(rank).path);
      }
    });
  }

  /// Fills expected_ with a slab of the first checkpoint; false if elements have no holder.
  bool expect(box const& slab) {
    expected_.resize(static_cast<std::size_t>(slab.elements()) * item_);
    index_t filled = 0;
    for (held_piece const& source : sources_) {
      box const both = intersection(source.where(), slab);
      if (both.elements() == 0 || filled == slab.elements()) continue;
      filled += both.elements();
      read(a_, ta_, source.stored, source.ranks.front(), both, slab, expected_);
    }
    return filled >= slab.elements();
  }

  /// Reads the elements of `what` that a rank stores into a buffer that holds `slab`.
  void read(catalog const& c, catalog_tensor const& t, piece const& stored, index_t rank,
            box const& what, box const& slab, std::vector<std::byte>& out) {
    for_each_run(stored, what, [&](box const& run) {
      run_.resize(static_cast<std::size_t>(run.elements()) * item_);
      auto const first = static_cast<std::uint64_t>(stored.address(run.offset()));
      reader_.read(c.files.at(rank).path, *c.stored(rank, t.name), first, run_);
      copy_box(out.data(), slab, run_.data(), run, run, item_);
    });
  }

  [[nodiscard]] std::string first_difference(box const& slab) const {
    auto const at = std::mismatch(found_.begin(), found_.end(), expected_.begin());
    auto rest = static_cast<index_t>(static_cast<std::size_t>(at.first - found_.begin()) / item_);
    extents index;
    inplace_vector<index_t, max_grid> reversed;
    for (std::size_t d = slab.rank(); d-- > 0; rest /= slab.extent()[d])
      reversed.push_back(slab.offset()[d] + rest % slab.extent()[d]);
    for (std::size_t d = reversed.size(); d-- > 0;) index.append(reversed[d]);
    return shape_text(index);
  }

  static std::string list(std::vector<index_t> const& ranks) {
    std::string out;
    for (index_t const rank : ranks) out += (out.empty() ? "" : ", ") + std::to_string(rank);
    return out;
  }
  void add(catalog_tensor const& t, std::string what) {
    findings_.push_back({t.name, std::move(what)});
  }

  catalog const& a_;
  catalog const& b_;
  catalog_tensor const& ta_;
  catalog_tensor const& tb_;
  std::size_t item_;
  std::vector<held_piece> sources_;
  std::vector<finding> findings_;
  std::vector<std::byte> expected_, found_, run_;
  tensor_reader reader_;
};
}  // namespace detail

/// All differences of one tensor: of ranks of `b` from `a`, and of replicas within both.
///   throws: codec_error when a file cannot be read
///   cost:   reads each copy of each byte once; memory a few slabs of 4 MiB
[[nodiscard]] inline std::vector<finding> verify(catalog const& a, catalog_tensor const& ta,
                                                 catalog const& b, catalog_tensor const& tb) {
  return detail::tensor_comparison{a, ta, b, tb}.run();
}

/// All differences between two checkpoints as global tensors, whatever their layouts: element for
/// element, by their names. Independent of plans and of the mover.
[[nodiscard]] inline std::vector<finding> verify(catalog const& a, catalog const& b) {
  std::vector<finding> out;
  std::map<std::string, catalog_tensor const*> second;
  for (catalog_tensor const& t : b.tensors) second.emplace(t.name, &t);
  for (catalog_tensor const& t : a.tensors) {
    auto const at = second.find(t.name);
    if (at == second.end()) {
      out.push_back({t.name, "only in the first"});
      continue;
    }
    for (finding& f : verify(a, t, b, *at->second)) out.push_back(std::move(f));
    second.erase(at);
  }
  for (auto const& [name, tensor] : second) out.push_back({name, "only in the second"});
  return out;
}

/// Tensors in no strategy whose present copies differ between ranks.
[[nodiscard]] inline std::vector<finding> differing_replicas(catalog const& c,
                                                             catalog_tensor const& t) {
  return verify(c, t, c, catalog_tensor{t.name, t.type, t.shape, t.listed, {}});
}

}  // namespace v1
}  // namespace reshard
