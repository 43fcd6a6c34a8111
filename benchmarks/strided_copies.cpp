// The kernel of every move in memory, copy_strided, against memcpy of as many bytes and, for
// transposing copies, Eigen.

#include <reshard/tensor/strided_copy.hpp>

#include <benchmark/benchmark.h>
#include <Eigen/Dense>

#include <cstdint>
#include <vector>

using namespace reshard;

namespace {

constexpr index_t moved_bytes = index_t{64} << 20;

/// A cache line.
struct line {
  alignas(64) std::byte bytes[64]{};
};

void count_bytes(benchmark::State& state) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * moved_bytes);
}

/// Columns of a matrix that is twice as wide: runs of so many bytes, as many bytes apart. Both
/// sides begin so many bytes behind a cache line.
void runs(benchmark::State& state) {
  index_t const run = state.range(0);
  auto const behind = static_cast<std::size_t>(state.range(1));
  std::vector<line> from(static_cast<std::size_t>(2 * moved_bytes) / sizeof(line) + 1);
  std::vector<line> to(static_cast<std::size_t>(moved_bytes) / sizeof(line) + 1);
  copy_dims const dims{{moved_bytes / run, run, 2 * run}, {run, 1, 1}};
  for (auto _ : state) {
    copy_strided(to.data()->bytes + behind, from.data()->bytes + behind, dims, 1);
    benchmark::ClobberMemory();
  }
  count_bytes(state);
}

/// A matrix of such runs, column by column: what rows become when they are cut by columns.
void columns(benchmark::State& state) {
  index_t const run = state.range(0);
  index_t const rows = 4096;
  index_t const across = moved_bytes / run / rows;
  auto const behind = static_cast<std::size_t>(state.range(1));
  std::vector<line> from(static_cast<std::size_t>(moved_bytes) / sizeof(line) + 1);
  std::vector<line> to(from.size());
  copy_dims const dims{{across, rows * run, run}, {rows, run, across * run}, {run, 1, 1}};
  for (auto _ : state) {
    copy_strided(to.data()->bytes + behind, from.data()->bytes + behind, dims, 1);
    benchmark::ClobberMemory();
  }
  count_bytes(state);
}

void one_memcpy(benchmark::State& state) {
  std::vector<std::byte> from(static_cast<std::size_t>(moved_bytes), std::byte{1});
  std::vector<std::byte> to(static_cast<std::size_t>(moved_bytes));
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), to.size());
    benchmark::ClobberMemory();
  }
  count_bytes(state);
}

constexpr index_t side = 4096;  // of a square of float

void transpose(benchmark::State& state) {
  std::vector<float> from(static_cast<std::size_t>(side * side), 1.0F);
  std::vector<float> to(from.size());
  copy_dims const dims{{side, 4 * side, 4}, {side, 4, 4 * side}};
  for (auto _ : state) {
    copy_strided(reinterpret_cast<std::byte*>(to.data()),
                 reinterpret_cast<std::byte const*>(from.data()), dims, 4);
    benchmark::ClobberMemory();
  }
  count_bytes(state);
}

void eigen_transpose(benchmark::State& state) {
  using matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  matrix const from = matrix::Ones(side, side);
  matrix to(side, side);
  for (auto _ : state) {
    to.noalias() = from.transpose();
    benchmark::ClobberMemory();
  }
  count_bytes(state);
}

BENCHMARK(one_memcpy);
BENCHMARK(runs)->ArgNames({"run", "behind"})->ArgsProduct({{65536, 4096, 64, 16}, {0, 16}});
BENCHMARK(columns)->ArgNames({"run", "behind"})->ArgsProduct({{4096, 1024, 64}, {0, 16}});
BENCHMARK(transpose);
BENCHMARK(eigen_transpose);

}  // namespace

BENCHMARK_MAIN();
