#pragma once

#include <reshard/checkpoint/read_tensor.hpp>

#include <algorithm>

namespace reshard {
inline namespace v1 {

/// Elements of a box in memory, row-major.
struct memory_box {
  std::byte* data = nullptr;
  box where;

  /// Where an element is.
  [[nodiscard]] std::byte* at(grid_index const& element, std::size_t item_bytes) const noexcept {
    return data + static_cast<std::size_t>(piece{where}.address(element)) * item_bytes;
  }
};

/// A tensor of a catalog as the pieces that present ranks store. For checks: pieces are listed, not
/// planned, and searched one by one.
class tensor_pieces {
 public:
  /// A piece and the ranks that store it, all of one placement.
  struct held_piece {
    piece stored;
    std::size_t placement = 0;
    std::vector<index_t> ranks;

    [[nodiscard]] box const& where() const noexcept { return stored.where(); }
  };

  /// The catalog and the tensor outlive this.
  tensor_pieces(catalog const& in, catalog_tensor const& tensor)
      : in_(in), tensor_(tensor), item_(group_of(tensor.type).bytes) {
    for (std::size_t p = 0; p < tensor.placements.size(); ++p) add_pieces(p);
  }

  [[nodiscard]] catalog_tensor const& tensor() const noexcept { return tensor_; }
  [[nodiscard]] std::vector<held_piece> const& pieces() const noexcept { return pieces_; }
  [[nodiscard]] std::string const& path(index_t rank) const { return in_.files.at(rank).path; }

  /// Reads the elements of a box that a rank stores of a piece.
  void read(held_piece const& from, index_t rank, box const& what, memory_box const& to,
            tensor_reader& reader) {
    indexed_tensor const& stored = *in_.stored(rank, tensor_.name);
    for_each_run(from.stored, what, [&](box const& run) {
      std::size_t const bytes = static_cast<std::size_t>(run.elements()) * item_;
      auto const first = static_cast<std::uint64_t>(from.stored.address(run.offset()));
      if (detail::lies_together(to.where, run))
        return reader.read(path(rank), stored, first, {to.at(run.offset(), item_), bytes});
      run_.resize(std::max(run_.size(), bytes));
      reader.read(path(rank), stored, first, {run_.data(), bytes});
      copy_box(to.data, to.where, run_.data(), run, run, item_);
    });
  }

  /// Reads a box from the first holders of its pieces; of placements that hold an element, the
  /// first one serves it.
  ///   returns: how many of the elements some present rank holds
  index_t fill(box const& what, memory_box const& to, tensor_reader& reader) {
    index_t filled = 0;
    std::size_t overlapping = 0;
    for (std::size_t i = pieces_.size(); i-- > 0;) {  // earlier ones last: they stay
      box const both = intersection(pieces_[i].where(), what);
      if (both.elements() == 0) continue;
      read(pieces_[i], pieces_[i].ranks.front(), both, to, reader);
      filled += both.elements();
      overlapping = std::max(overlapping, pieces_[i].placement);
    }
    return overlapping == 0 ? filled : count_held(what);
  }

 private:
  void add_pieces(std::size_t p) {
    placement const& at = tensor_.placements[p];
    std::map<std::vector<index_t>, std::size_t> known;
    for (index_t d = 0; d < at.devices(); ++d) {
      if (in_.stored(at.first_rank + d, tensor_.name) == nullptr) continue;
      at.where->for_each_piece(d, [&](piece const& held, grid_index const&) {
        std::vector<index_t> key(held.where().offset().begin(), held.where().offset().end());
        key.insert(key.end(), held.stride().begin(), held.stride().end());
        key.insert(key.end(), held.where().extent().begin(), held.where().extent().end());
        key.push_back(held.base());
        auto const [found, fresh] = known.emplace(std::move(key), pieces_.size());
        if (fresh) pieces_.push_back({held, p, {}});
        pieces_[found->second].ranks.push_back(at.first_rank + d);
      });
    }
  }

  /// Elements of a box that are in some piece; pieces of different placements overlap.
  [[nodiscard]] index_t count_held(box const& what) const {
    std::vector<std::byte> marks(static_cast<std::size_t>(what.elements()));
    std::vector<std::byte> const ones(marks.size(), std::byte{1});
    for (held_piece const& held : pieces_) {
      box const both = intersection(held.where(), what);
      copy_box(marks.data(), what, ones.data(), what, both, 1);
    }
    return std::count(marks.begin(), marks.end(), std::byte{1});
  }

  catalog const& in_;
  catalog_tensor const& tensor_;
  std::size_t item_;
  std::vector<held_piece> pieces_;
  std::vector<std::byte> run_;
};

}  // namespace v1
}  // namespace reshard
