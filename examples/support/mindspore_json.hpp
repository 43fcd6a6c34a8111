#pragma once
#include "layout_json.hpp"
namespace tools {
inline int read_mindspore_layout(json const&) {
  return 0;
}
template <class S> void for_each_mindspore_rank(int, int, reshard::index_t, S&&) {
  throw unknown_request{"stub"};
}
}  // namespace tools
