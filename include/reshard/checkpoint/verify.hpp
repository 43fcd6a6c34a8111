#pragma once

#include <reshard/checkpoint/in_parallel.hpp>
#include <reshard/checkpoint/tensor_pieces.hpp>

#include <cstring>
#include <functional>
#include <optional>

namespace reshard {
inline namespace v1 {

/// One way in which two checkpoints differ.
struct finding {
  std::string tensor;
  std::string what;  ///< with shapes, types, index, ranks
};

namespace detail {

/// Calls sink(box) for boxes of at most `most` elements, contiguous within `where`, that make it
/// up.
template <class Sink> void for_each_slab(box const& where, index_t most, Sink const& sink) {
  std::size_t split = where.rank();
  index_t row = 1;  // elements of one index of dim split - 1
  while (split > 1 && row * where.extent()[split - 1] <= most) row *= where.extent()[--split];
  if (where.rank() == 0) return sink(where);
  if (where.elements() == 0) return;
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

/// Compares what ranks store with what is expected, slab by slab of the whole tensor, so that both
/// sides are read in long runs.
class tensor_comparison {
 public:
  /// Fills a box with what is expected; returns how many elements it could.
  using filler = std::function<index_t(box const&, memory_box const&, tensor_reader&)>;

  tensor_comparison(filler expected, std::size_t item_bytes, tensor_reader& reader)
      : expected_(std::move(expected)), item_(item_bytes), reader_(reader) {}

  /// Adds what is to be compared: the ranks of every piece from number `first` on, in placements
  /// after the first all ranks.
  void add(tensor_pieces& in, std::size_t first_of_first) {
    for (tensor_pieces::held_piece const& p : in.pieces()) {
      std::size_t const first = p.placement == 0 ? first_of_first : 0;
      if (p.where().elements() == 0 || p.ranks.size() <= first) continue;
      compared_.push_back({&in, &p, std::vector<bool>(p.ranks.size()), first});
      region_ = region_ ? enclosing(*region_, p.where()) : p.where();
    }
  }
  /// Compares all elements.
  std::vector<finding> run() {
    if (region_)
      for_each_slab(*region_, static_cast<index_t>(slab_bytes / item_),
                    [&](box const& slab) { compare(slab); });
    return std::move(findings_);
  }
  /// Compares the elements of some boxes.
  std::vector<finding> run(std::span<box const> sample) {
    for (box const& slab : sample) compare(slab);
    return std::move(findings_);
  }

 private:
  static constexpr std::size_t slab_bytes = std::size_t{1} << 20;

  /// Ranks of a piece that are to be compared.
  struct compared {
    tensor_pieces* in;
    tensor_pieces::held_piece const* piece;
    std::vector<bool> differs;  // per rank, once it does
    std::size_t first;          // rank to begin with
  };

  void compare(box const& slab) {
    expected_bytes_.resize(static_cast<std::size_t>(slab.elements()) * item_);
    found_.resize(expected_bytes_.size());
    memory_box const expected{expected_bytes_.data(), slab};
    bool const all = expected_(slab, expected, reader_) == slab.elements();
    for (compared& c : compared_) {
      box const what = intersection(c.piece->where(), slab);
      if (what.elements() == 0 || c.first == c.piece->ranks.size()) continue;
      if (!all && expected_(what, expected, reader_) != what.elements()) {
        report(*c.in, "no present rank of the first has elements that ranks " +
                          list(c.piece->ranks) + " of the second hold");
        c.first = c.piece->ranks.size();  // once is enough
      }
      for (std::size_t k = c.first; k < c.piece->ranks.size(); ++k)
        if (!c.differs[k]) compare(c, k, what, expected);
    }
  }
  void compare(compared& c, std::size_t k, box const& what, memory_box const& expected) {
    index_t const rank = c.piece->ranks[k];
    memory_box const found{found_.data(), what};
    c.in->read(*c.piece, rank, what, found, reader_);
    for_each_run(piece{expected.where}, what, [&](box const& run) {
      if (c.differs[k]) return;
      std::byte const* const a = expected.at(run.offset(), item_);
      std::byte const* const b = found.at(run.offset(), item_);
      std::size_t const bytes = static_cast<std::size_t>(run.elements()) * item_;
      if (std::memcmp(a, b, bytes) == 0) return;
      c.differs[k] = true;
      auto const at = static_cast<index_t>(
          static_cast<std::size_t>(std::mismatch(a, a + bytes, b).first - a) / item_);
      report(*c.in, "element " + element_text(run, at) + " differs in " + c.in->path(rank));
    });
  }

  /// Index of element number `at` of a run, in row-major order.
  static std::string element_text(box const& run, index_t at) {
    inplace_vector<index_t, max_grid> reversed;
    for (std::size_t d = run.rank(); d-- > 0; at /= run.extent()[d])
      reversed.push_back(run.offset()[d] + at % run.extent()[d]);
    extents index;
    for (std::size_t d = reversed.size(); d-- > 0;) index.append(reversed[d]);
    return shape_text(index);
  }
  static std::string list(std::vector<index_t> const& ranks) {
    std::string out;
    for (index_t const rank : ranks) out += (out.empty() ? "" : ", ") + std::to_string(rank);
    return out;
  }
  void report(tensor_pieces const& in, std::string what) {
    findings_.push_back({in.tensor().name, std::move(what)});
  }

  filler expected_;
  std::size_t item_;
  tensor_reader& reader_;
  std::vector<compared> compared_;
  std::optional<box> region_;
  std::vector<finding> findings_;
  std::vector<std::byte> expected_bytes_, found_;
};

inline std::optional<finding> different_kind(catalog_tensor const& a, catalog_tensor const& b) {
  if (a.type != b.type)
    return finding{b.name,
                   std::string{name_of(a.type)} + " against " + std::string{name_of(b.type)}};
  if (a.shape != b.shape)
    return finding{b.name, "shape " + shape_text(a.shape) + " against " + shape_text(b.shape)};
  return std::nullopt;
}

[[nodiscard]] inline std::vector<finding> joined(std::vector<std::vector<finding>> found) {
  std::vector<finding> out;
  for (std::vector<finding>& some : found)
    std::move(some.begin(), some.end(), std::back_inserter(out));
  return out;
}
}  // namespace detail

/// All differences of one tensor: of ranks of `b` from `a`, and of replicas within both.
///   throws: codec_error when a file cannot be read
///   cost:   reads each copy of each byte once; memory a few slabs of 1 MiB
[[nodiscard]] inline std::vector<finding> verify(catalog const& a, catalog_tensor const& ta,
                                                 catalog const& b, catalog_tensor const& tb,
                                                 tensor_reader& reader) {
  if (std::optional<finding> kind = detail::different_kind(ta, tb)) return {std::move(*kind)};
  tensor_pieces expected{a, ta};
  tensor_pieces found{b, tb};
  detail::tensor_comparison comparison{[&](box const& what, memory_box const& to,
                                           tensor_reader& r) { return expected.fill(what, to, r); },
                                       group_of(ta.type).bytes, reader};
  comparison.add(expected, 1);
  comparison.add(found, 0);
  return comparison.run();
}
[[nodiscard]] inline std::vector<finding> verify(catalog const& a, catalog_tensor const& ta,
                                                 catalog const& b, catalog_tensor const& tb) {
  tensor_reader reader;
  return verify(a, ta, b, tb, reader);
}

/// All differences between two checkpoints as global tensors, whatever their layouts: element for
/// element, by their names. Independent of plans and of the mover.
[[nodiscard]] inline std::vector<finding> verify(catalog const& a, catalog const& b,
                                                 std::size_t workers = 1) {
  std::map<std::string, catalog_tensor const*> second;
  for (catalog_tensor const& t : b.tensors) second.emplace(t.name, &t);
  std::vector<finding> out = detail::joined(
      in_parallel(a.tensors.size(), workers, [&](std::size_t i, tensor_reader& reader) {
        catalog_tensor const& t = a.tensors[i];
        auto const at = second.find(t.name);
        if (at == second.end()) return std::vector<finding>{{t.name, "only in the first"}};
        return verify(a, t, b, *at->second, reader);
      }));
  for (catalog_tensor const& t : a.tensors) second.erase(t.name);
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
