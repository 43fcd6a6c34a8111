// ScaLAPACK's block-cyclic redistribution, pdgemr2d, against the same by reshard, over the same
// MPI and within one process: mpirun -n 4 scalapack_redistribution [order of the matrix]

#include <reshard/algebra.hpp>
#include <reshard/exec/redistribute.hpp>

#include <mpi.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

extern "C" {
void Cblacs_get(int context, int what, int* value);
void Cblacs_gridinit(int* context, char const* order, int rows, int columns);
void pdgemr2d_(int const* m, int const* n, double const* a, int const* ia, int const* ja,
               int const* desca, double* b, int const* ib, int const* jb, int const* descb,
               int const* context);
}

using namespace reshard;

namespace {

/// The processes of MPI_COMM_WORLD. Messages are packed per peer, in buffers that stay.
class mpi_communicator {
 public:
  mpi_communicator() {
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
  }
  [[nodiscard]] index_t rank() const { return rank_; }
  [[nodiscard]] index_t size() const { return size_; }

  void exchange(std::span<outgoing const> sends, std::span<incoming const> receives) {
    auto const processes = static_cast<std::size_t>(size_);
    auto const reserve = [&](auto& buffers, auto const& messages) {
      std::vector<std::size_t> bytes(processes, 0);
      for (auto const& m : messages) bytes[static_cast<std::size_t>(m.peer)] += bytes_of(m.block);
      buffers.resize(processes);
      for (std::size_t p = 0; p < processes; ++p) buffers[p].resize(bytes[p]);
    };
    reserve(out_, sends);
    reserve(in_, receives);
    std::vector<std::size_t> at(processes, 0);
    for (outgoing const& m : sends) copy_block(packed(out_, at, m), m.block);
    std::vector<MPI_Request> requests;
    for (int peer = 0; peer < size_; ++peer) {
      auto const p = static_cast<std::size_t>(peer);
      requests.resize(requests.size() + 2);
      MPI_Irecv(in_[p].data(), static_cast<int>(in_[p].size()), MPI_BYTE, peer, 0, MPI_COMM_WORLD,
                &requests[requests.size() - 2]);
      MPI_Isend(out_[p].data(), static_cast<int>(out_[p].size()), MPI_BYTE, peer, 0, MPI_COMM_WORLD,
                &requests[requests.size() - 1]);
    }
    MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE);
    at.assign(processes, 0);
    for (incoming const& m : receives) {
      auto const from = packed(in_, at, m);
      copy_block(m.block, {from.first, from.extent, from.stride, from.item_bytes});
    }
  }
  int max(int number) {
    MPI_Allreduce(MPI_IN_PLACE, &number, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    return number;
  }

 private:
  template <class Byte> static std::size_t bytes_of(strided_block<Byte> const& block) {
    return static_cast<std::size_t>(block.items()) * block.item_bytes;
  }
  /// The place of a message in the buffer of its peer.
  template <class Message>
  static strided_block<std::byte> packed(std::vector<std::vector<std::byte>>& buffers,
                                         std::vector<std::size_t>& at, Message const& m) {
    auto const peer = static_cast<std::size_t>(m.peer);
    extents const shape(m.block.extent.begin(), m.block.extent.end());
    std::byte* const first = buffers[peer].data() + at[peer];
    at[peer] += bytes_of(m.block);
    return block_at(first, shape, grid_index(shape.rank(), 0), m.block.extent, m.block.item_bytes);
  }

  int rank_ = 0;
  int size_ = 0;
  std::vector<std::vector<std::byte>> out_;  // per peer
  std::vector<std::vector<std::byte>> in_;
};

double value_at(index_t row, index_t column, index_t order) {
  return static_cast<double>(row * order + column);
}
/// What a device stores.
std::vector<double> numbered(layout const& l, index_t device) {
  std::vector<double> out(static_cast<std::size_t>(local_elements(l, device)));
  l.for_each_piece(device, [&](piece const& p, grid_index const&) {
    grid_index at = p.where().offset();
    for (; at[0] < p.where()[0].end(); ++at[0])
      for (at[1] = p.where()[1].offset; at[1] < p.where()[1].end(); ++at[1])
        out[static_cast<std::size_t>(p.address(at))] = value_at(at[0], at[1], l.shape()[0]);
  });
  return out;
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto const seconds = [](timeval const& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// The shortest of some runs: from a barrier until the slowest process is done, and the CPU seconds
/// of all processes in that run. The first run is not counted: it touches the memory.
template <class Run> void report(char const* name, bool is_alone, Run const& run) {
  double wall = 1e9;
  double cpu = 0;
  for (int i = 0; i < 6; ++i) {
    if (!is_alone) MPI_Barrier(MPI_COMM_WORLD);
    double times[2] = {MPI_Wtime(), cpu_seconds()};
    run();
    times[0] = MPI_Wtime() - times[0];
    times[1] = cpu_seconds() - times[1];
    if (!is_alone) {
      MPI_Allreduce(MPI_IN_PLACE, &times[0], 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
      MPI_Allreduce(MPI_IN_PLACE, &times[1], 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    }
    if (i == 0 || times[0] >= wall) continue;
    wall = times[0];
    cpu = times[1];
  }
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank == 0)
    std::printf("%-28s wall %7.1f ms, CPU of all processes %7.1f ms\n", name, 1e3 * wall,
                1e3 * cpu);
}
void require(bool right, char const* name) {
  if (right) return;
  std::fprintf(stderr, "%s: elements are wrong\n", name);
  MPI_Abort(MPI_COMM_WORLD, 1);
}

/// ScaLAPACK stores columns: its matrix is the transpose of ours, its process grid too.
void run_scalapack(layout const& from, layout const& to, std::vector<double> const& mine,
                   std::vector<double>& got, index_t rank) {
  auto const order = static_cast<int>(from.shape()[0]);
  int contexts[3]{};
  auto const grid = [&](int& context, layout const& l) {
    Cblacs_get(-1, 0, &context);
    auto const* const sizes = l.devices().begin();
    Cblacs_gridinit(&context, "C", static_cast<int>(sizes[1]), static_cast<int>(sizes[0]));
  };
  grid(contexts[0], from);
  grid(contexts[1], to);
  Cblacs_get(-1, 0, &contexts[2]);
  Cblacs_gridinit(&contexts[2], "C", 1, static_cast<int>(from.devices().devices()));
  auto const describe = [&](int context, layout const& l, int* out) {
    auto const block = static_cast<int>(l.map().cuts()[0].block());
    int const description[9] = {
        1, context, order, order, block, block, 0, 0, static_cast<int>(l.local_shape(rank)[1])};
    std::copy(description, description + 9, out);
  };
  int description_from[9];
  int description_to[9];
  describe(contexts[0], from, description_from);
  describe(contexts[1], to, description_to);
  int const one = 1;
  report("pdgemr2d, 4 processes", false, [&] {
    pdgemr2d_(&order, &order, mine.data(), &one, &one, description_from, got.data(), &one, &one,
              description_to, &contexts[2]);
  });
}

/// All devices in this process.
void run_here(layout const& from, layout const& to) {
  std::vector<std::vector<double>> have;
  std::vector<std::vector<double>> got;
  local_spans<double const> sources{from, {}};
  local_spans<double> destinations{to, {}};
  for (index_t d = 0; d < 4; ++d) have.push_back(numbered(from, d));
  for (index_t d = 0; d < 4; ++d) got.emplace_back(static_cast<std::size_t>(local_elements(to, d)));
  for (auto const& local : have) sources.elements.emplace_back(local);
  for (auto& local : got) destinations.elements.emplace_back(local);
  report("reshard, one process", true, [&] { redistribute<double>(sources, destinations); });
  for (index_t d = 0; d < 4; ++d)
    require(got[static_cast<std::size_t>(d)] == numbered(to, d), "reshard, one process");
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  mpi_communicator comm;
  index_t const order = argc > 1 ? std::atol(argv[1]) : 8000;
  require(comm.size() == 4 && order > 0, "mpirun -n 4 scalapack_redistribution [order]");
  auto const cyclic = [&](device_matrix const& devices, index_t block) {
    return layout{devices, plain_map(devices, {1, 0}, cut_rule::cyclic(block)), {order, order}};
  };
  layout const from = cyclic({2, 2}, 128);
  layout const to = cyclic({1, 4}, 96);
  {
    std::vector<double> const mine = numbered(from, comm.rank());
    std::vector<double> const wanted = numbered(to, comm.rank());
    std::vector<double> got(wanted.size());
    run_scalapack(from, to, mine, got, comm.rank());
    require(got == wanted, "pdgemr2d");
    std::fill(got.begin(), got.end(), 0);
    report("reshard, 4 processes", false, [&] {
      redistribute<double>({from, mine}, {to, got}, comm);
    });
    require(got == wanted, "reshard, 4 processes");
  }
  MPI_Barrier(MPI_COMM_WORLD);
  if (comm.rank() == 0) run_here(from, to);  // the others wait
  MPI_Finalize();
}
