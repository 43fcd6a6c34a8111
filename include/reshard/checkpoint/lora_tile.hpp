#pragma once

#include <reshard/checkpoint/lora_update.hpp>
#include <reshard/exec/element_stage.hpp>
#include <reshard/tensor/product.hpp>

#include <cmath>
#include <vector>

namespace reshard {
inline namespace v1 {
namespace detail {

/// One tile of a merge, computed in T: blocks of a few rows and columns, of which the last ones are
/// filled up with zeros, so that all elements take the same instructions.
template <class T> class lora_tile {
 public:
  lora_tile(std::string const& tensor, lora_types types, bool stacked,
            std::vector<lora_update> const& updates, lora_rounding rounding, box const& tile)
      : tensor_(tensor), types_(types), updates_(updates), rounding_(rounding), tile_(tile) {
    std::size_t const row = stacked ? 1 : 0;
    slices_ = stacked ? tile.extent()[0] : 1;
    has_rows_ = tile.rank() > row + 1;
    stacked_ = stacked;
    rows_ = has_rows_ ? size(tile.extent()[row]) : 1;
    columns_ = 1;
    for (std::size_t d = has_rows_ ? row + 1 : row; d < tile.rank(); ++d)
      columns_ *= size(tile.extent()[d]);
  }

  [[nodiscard]] std::size_t scratch_bytes() const {
    std::size_t numbers = 0;
    for (lora_update const& u : updates_) numbers += update_numbers(u);
    return (numbers + filled_up(norm_numbers(), 8) + 8) * sizeof(double);  // of T; 8 to align them
  }

  void run(stage_call const& call) {
    call_ = &call;
    for (index_t e = 0; e < slices_; ++e) {
      slice_ = e;
      prepare();
      for (std::size_t u = 0; u < updates_.size(); ++u)
        if (updates_[u].norm != lora_norm::none) find_factors(u);
      for_each_block([&](std::size_t row, std::size_t column, std::size_t n) {
        compute(row, column, n, updates_.size());
        write(row, column, n);
      });
    }
  }

 private:
  using product = product_block<T>;
  static constexpr std::size_t block_columns = 256;

  static std::size_t size(index_t n) { return static_cast<std::size_t>(n); }
  static std::size_t filled_up(std::size_t n, std::size_t block) {
    return (n + block - 1) / block * block;
  }
  [[nodiscard]] std::size_t left_numbers(lora_update const& u) const {
    return filled_up(rows_, product::rows) * size(u.rank);
  }
  [[nodiscard]] std::size_t update_numbers(lora_update const& u) const {
    return left_numbers(u) + filled_up(columns_, product::columns) * size(u.rank);
  }
  [[nodiscard]] std::size_t norm_numbers() const {
    std::size_t n = 0;
    for (lora_update const& u : updates_) n += norm_size(u);
    return n;
  }
  [[nodiscard]] std::size_t norm_size(lora_update const& u) const {
    return u.norm == lora_norm::none ? 0 : u.norm == lora_norm::rows ? rows_ : columns_;
  }

  /// An update with its operands packed.
  struct prepared {
    T* left = nullptr;
    T* right = nullptr;
    double* factor = nullptr;  // per row or column, first the sum of squares
    stage_tile const* magnitude = nullptr;
  };

  void prepare() {
    prepared_.clear();
    auto* at = reinterpret_cast<double*>(
        (reinterpret_cast<std::uintptr_t>(call_->scratch.data()) + 63) / 64 * 64);
    double* factor = at;
    auto* numbers = reinterpret_cast<T*>(at + filled_up(norm_numbers(), 8));
    std::size_t operand = 0;
    for (lora_update const& u : updates_) {
      prepared p{numbers, numbers + left_numbers(u), factor, nullptr};
      if (u.has_left)
        pack_left(u, call_->operands[operand++], p.left);
      else
        std::fill_n(p.left, left_numbers(u), T{1});
      pack_right(u, call_->operands[operand++], p.right);
      if (u.norm != lora_norm::none) p.magnitude = &call_->operands[operand++];
      prepared_.push_back(p);
      numbers += update_numbers(u);
      factor += norm_size(u);
    }
  }

  /// The index of an element of an operand whose dims before `rest` are the stack's and one other.
  [[nodiscard]] grid_index operand_index(index_t second) const {
    grid_index out;
    if (stacked_) out.push_back(tile_.offset()[0] + slice_);
    out.push_back(second);
    return out;
  }

  void pack_left(lora_update const& u, stage_tile const& from, T* to) const {
    std::fill_n(to, left_numbers(u), T{0});
    std::size_t const depth = size(u.rank);
    index_t const first = tile_.offset()[stacked_ ? 1 : 0];
    T row[block_columns];
    for (std::size_t i = 0; i < rows_; ++i) {
      grid_index at = operand_index(first + static_cast<index_t>(i));
      at.push_back(0);
      std::byte const* const source = from.at(at, item_bytes(u.left));
      T* const block = to + i / product::rows * product::packed_rows(depth) + i % product::rows;
      for (std::size_t k = 0; k < depth; k += block_columns) {
        std::size_t const some = std::min(block_columns, depth - k);
        read_numbers(u.left, source + k * item_bytes(u.left), some, row);
        for (std::size_t j = 0; j < some; ++j) block[(k + j) * product::rows] = row[j];
      }
    }
  }

  void pack_right(lora_update const& u, stage_tile const& from, T* to) const {
    std::size_t const depth = size(u.rank);
    std::size_t const first_column = (stacked_ ? 1U : 0U) + (has_rows_ ? 1U : 0U);
    T row[block_columns];
    for (std::size_t k = 0; k < depth; ++k) {
      grid_index at = operand_index(static_cast<index_t>(k));
      for (std::size_t d = first_column; d < tile_.rank(); ++d) at.push_back(tile_.offset()[d]);
      std::byte const* const source = from.at(at, item_bytes(u.right));
      for (std::size_t j = 0; j < columns_; j += block_columns) {
        std::size_t const some = std::min(block_columns, columns_ - j);
        read_numbers(u.right, source + j * item_bytes(u.right), some, row);
        std::fill(row + some, row + block_columns, T{0});
        for (std::size_t c = 0; c < some; c += product::columns)
          std::copy_n(row + c, product::columns,
                      to + (j + c) / product::columns * product::packed_columns(depth) +
                          k * product::columns);
      }
    }
  }

  /// Calls sink(first row, first column, columns), rows and columns ascending.
  template <class Sink> void for_each_block(Sink const& sink) const {
    for (std::size_t row = 0; row < rows_; row += product::rows)
      for (std::size_t column = 0; column < columns_; column += block_columns)
        sink(row, column, std::min(block_columns, columns_ - column));
  }
  template <class Sink> void for_each_row(std::size_t first, Sink const& sink) const {
    for (std::size_t i = 0; i < product::rows && first + i < rows_; ++i) sink(i, first + i);
  }

  /// An element's address before or behind the stage; the columns of a row are one run.
  [[nodiscard]] std::byte* address(stage_tile const& tile, std::size_t row, std::size_t column,
                                   dtype type) const {
    index_t offset = static_cast<index_t>(column);
    if (stacked_) offset += slice_ * tile.stride[0];
    if (has_rows_) offset += static_cast<index_t>(row) * tile.stride[stacked_ ? 1 : 0];
    return tile.data + static_cast<std::size_t>(offset) * item_bytes(type);
  }

  /// The sums of a block after the first `count` updates.
  void compute(std::size_t row, std::size_t column, std::size_t n, std::size_t count) {
    for_each_row(row, [&](std::size_t i, std::size_t r) {
      read_numbers(types_.base, address(call_->in, r, column, types_.base), n, sum_[i]);
    });
    for (std::size_t u = 0; u < count; ++u) {
      add(u, row, column, n);
      if (updates_[u].norm != lora_norm::none && !(is_norm_pass_ && u + 1 == count))
        scale(u, row, column, n);
    }
  }

  void add(std::size_t u, std::size_t row, std::size_t column, std::size_t n) {
    lora_update const& update = updates_[u];
    bool some = false;
    bool all = true;
    for_each_row(row, [&](std::size_t, std::size_t r) {
      some = some || adds_to(update, r);
      all = all && adds_to(update, r);
    });
    if (!some) return;
    bool const at_once = all && rounding_ == lora_rounding::once;
    std::size_t const depth = size(update.rank);
    auto const scale = static_cast<T>(update.scale);
    T const* const left = prepared_[u].left + row / product::rows * product::packed_rows(depth);
    T const* const right =
        prepared_[u].right + column / product::columns * product::packed_columns(depth);
    std::size_t const blocks = filled_up(n, product::columns) / product::columns;
    if (at_once) return product::add(left, right, depth, blocks, scale, sum_[0], block_columns);
    product::compute(left, right, depth, blocks, delta_[0], block_columns);
    for_each_row(row, [&](std::size_t i, std::size_t r) {
      if (!adds_to(update, r)) return;
      if (rounding_ != lora_rounding::once) return add_rounded(update, scale, n, i);
      for (std::size_t j = 0; j < n; ++j) sum_[i][j] += scale * delta_[i][j];
    });
  }

  /// Whether an update is of a row of the tile.
  [[nodiscard]] bool adds_to(lora_update const& update, std::size_t row) const {
    return update.adds_to(tile_.offset()[stacked_ ? 1 : 0] + static_cast<index_t>(row));
  }
  /// As PEFT or MindFormers round.
  void add_rounded(lora_update const& update, T scale, std::size_t n, std::size_t i) {
    bool const peft = rounding_ == lora_rounding::peft;
    dtype const adapter =
        !update.has_left || update.left == update.right ? update.right : dtype::float32;
    if (!peft) round(adapter, delta_[i], n);
    for (std::size_t j = 0; j < n; ++j) delta_[i][j] *= scale;
    bool const is_added_once = peft && (update.norm != lora_norm::none || !update.has_left);
    if (!is_added_once) round(peft ? types_.base : adapter, delta_[i], n);
    for (std::size_t j = 0; j < n; ++j) sum_[i][j] += delta_[i][j];
    if (peft && update.norm == lora_norm::none) round(types_.base, sum_[i], n);
  }
  static void round(dtype type, T* numbers, std::size_t n) {
    std::byte rounded[block_columns * sizeof(double)];
    write_numbers(type, numbers, n, rounded);
    read_numbers(type, rounded, n, numbers);
  }

  void scale(std::size_t u, std::size_t row, std::size_t column, std::size_t n) {
    double const* const factor = prepared_[u].factor;
    bool const by_rows = updates_[u].norm == lora_norm::rows;
    for_each_row(row, [&](std::size_t i, std::size_t r) {
      for (std::size_t j = 0; j < n; ++j)
        sum_[i][j] *= static_cast<T>(by_rows ? factor[r] : factor[column + j]);
    });
  }

  /// What gives each row or column of the sum the norm that the adapter states.
  void find_factors(std::size_t u) {
    bool const by_rows = updates_[u].norm == lora_norm::rows;
    double* const factor = prepared_[u].factor;
    std::size_t const count = norm_size(updates_[u]);
    std::fill_n(factor, count, 0.0);
    is_norm_pass_ = true;
    for_each_block([&](std::size_t row, std::size_t column, std::size_t n) {
      compute(row, column, n, u + 1);
      for_each_row(row, [&](std::size_t i, std::size_t r) {
        for (std::size_t j = 0; j < n; ++j) {
          auto const x = static_cast<double>(sum_[i][j]);
          factor[by_rows ? r : column + j] += x * x;
        }
      });
    });
    is_norm_pass_ = false;
    index_t const first = tile_.offset()[by_rows ? 0 : 1];
    for (std::size_t i = 0; i < count; ++i) {
      index_t const at = first + static_cast<index_t>(i);
      double magnitude = 0;
      dtype const type = updates_[u].magnitude;
      read_numbers(type, prepared_[u].magnitude->at({at}, item_bytes(type)), 1, &magnitude);
      if (factor[i] == 0) norm_is_zero(tensor_, by_rows ? "row" : "column", at);
      factor[i] = magnitude / std::sqrt(factor[i]);
    }
  }

  void write(std::size_t row, std::size_t column, std::size_t n) const {
    for_each_row(row, [&](std::size_t i, std::size_t r) {
      std::byte* const to = address(call_->out, r, column, types_.result);
      if (write_numbers(types_.result, sum_[i], n, to)) return;
      std::size_t const bad = first_not_finite(types_.result, to, n);
      merge_is_not_finite(tensor_, element_text(r, column + bad));
    });
  }

  /// "[3, 17]", in the tensor.
  [[nodiscard]] std::string element_text(std::size_t row, std::size_t column) const {
    grid_index at = tile_.offset();
    if (stacked_) at[0] += slice_;
    std::size_t const row_dim = stacked_ ? 1 : 0;
    if (has_rows_) at[row_dim] += static_cast<index_t>(row);
    auto rest = static_cast<index_t>(column);
    for (std::size_t d = at.size(); d-- > row_dim + (has_rows_ ? 1U : 0U);) {
      at[d] += rest % tile_.extent()[d];
      rest /= tile_.extent()[d];
    }
    std::string out = "[";
    for (std::size_t d = 0; d < at.size(); ++d) out += (d ? ", " : "") + std::to_string(at[d]);
    return out + "]";
  }

  std::string const& tensor_;
  lora_types types_;
  std::vector<lora_update> const& updates_;
  lora_rounding rounding_;
  box tile_;
  bool stacked_ = false;
  bool has_rows_ = false;
  index_t slices_ = 1;
  std::size_t rows_ = 1;
  std::size_t columns_ = 1;
  stage_call const* call_ = nullptr;
  index_t slice_ = 0;
  bool is_norm_pass_ = false;
  std::vector<prepared> prepared_;
  T sum_[product::rows][block_columns] = {};
  T delta_[product::rows][block_columns] = {};
};
}  // namespace detail

}  // namespace v1
}  // namespace reshard
