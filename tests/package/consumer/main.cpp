#include <reshard/algebra.hpp>
#include <reshard/plan.hpp>

using namespace reshard;

constexpr device_matrix devices{2, 4};
constexpr layout rows{devices, plain_map(devices, {1, -1}), {512, 1024}};
constexpr layout columns{devices, plain_map(devices, {-1, 0}), {512, 1024}};
static_assert(rows.local_shape(0) == extents{256, 1024});
static_assert(cost(rows, columns).ratio() == 1.0);

int main() {}
