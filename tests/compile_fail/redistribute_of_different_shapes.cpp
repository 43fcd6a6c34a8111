// expect: global_shapes_differ
#include <reshard/exec/redistribute.hpp>

using namespace reshard;

struct alone {  // a communicator of one process
  index_t rank() { return 0; }
  index_t size() { return 1; }
  int max(int number) { return number; }
  void exchange(std::span<outgoing const>, std::span<incoming const>) {}
};

constexpr layout a{device_matrix{1}, plain_map({1}, {0}), {4}};
constexpr layout b{device_matrix{1}, plain_map({1}, {0}), {6}};

void move(local_tensor<float, a> const& from, local_tensor<float, a> const& to,
          [[maybe_unused]] local_tensor<float, b> const& longer, alone& comm) {
  redistribute(from, to, comm);
#ifdef RESHARD_EXPECT_FAIL
  redistribute(from, longer, comm);
#endif
}
