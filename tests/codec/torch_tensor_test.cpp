#include "files.hpp"

#include <reshard/codec/torch_tensor.hpp>

#include <algorithm>
#include <set>

using namespace reshard;
using detail::torch_view;

namespace {
/// The places of all elements, row-major, one by one.
std::vector<index_t> places(torch_view const& view) {
  std::vector<index_t> out{view.offset};
  for (std::size_t d = 0; d < view.shape.size(); ++d) {
    std::vector<index_t> longer;
    for (index_t const at : out)
      for (index_t i = 0; i < view.shape[d]; ++i) longer.push_back(at + i * view.strides[d]);
    out = longer;
  }
  return out;
}
}  // namespace

TEST_CASE("bounds and order of views against all their elements", "[torch]") {
  std::size_t row_major = 0;
  for (index_t code = 0; code < 4 * 4 * 4 * 6 * 6 * 6; ++code) {
    index_t rest = code;
    auto const digit = [&](index_t n) {
      index_t const value = rest % n;
      rest /= n;
      return value;
    };
    torch_view const view{{digit(4), digit(4), digit(4)}, {digit(6), digit(6), digit(6)}, code % 3};
    std::vector<index_t> const all = places(view);
    CHECK(detail::elements_of(view.shape) == static_cast<index_t>(all.size()));
    if (all.empty()) continue;
    index_t const last = *std::max_element(all.begin(), all.end());
    REQUIRE_FALSE(detail::lies_within(view, last));
    REQUIRE(detail::lies_within(view, last + 1));
    bool in_order = true;
    for (std::size_t i = 0; i < all.size(); ++i)
      in_order = in_order && all[i] == view.offset + static_cast<index_t>(i);
    REQUIRE(detail::is_row_major(view) == in_order);
    row_major += in_order ? 1U : 0U;
  }
  CHECK(row_major > 300);
}

TEST_CASE("scalars and numbers at the border of index_t", "[torch]") {
  CHECK(detail::is_row_major({{}, {}, 7}));
  CHECK(detail::lies_within({{}, {}, 7}, 8));
  CHECK_FALSE(detail::lies_within({{}, {}, 7}, 7));
  CHECK_FALSE(detail::lies_within({{}, {}, 0}, 0));
  CHECK(detail::elements_of({}) == 1);
  CHECK(detail::elements_of({max_index, 1}) == max_index);
  CHECK(detail::elements_of({max_index, 2}) == std::nullopt);
  CHECK(detail::elements_of({max_index, 2, 0}) == 0);
  CHECK(detail::lies_within({{2}, {max_index - 1}, 0}, max_index));
  CHECK_FALSE(detail::lies_within({{2}, {max_index}, 0}, max_index));
  CHECK_FALSE(detail::lies_within({{2, 2}, {max_index / 2, max_index / 2}, 1}, max_index - 1));
}

TEST_CASE("each global is listed once", "[torch]") {
  std::set<std::string_view> names;
  for (auto const& global : detail::torch_globals) CHECK(names.insert(global.name).second);
  CHECK(names.contains("collections.OrderedDict"));
  CHECK_FALSE(names.contains("torch._utils._rebuild_device_tensor_from_numpy"));
}
