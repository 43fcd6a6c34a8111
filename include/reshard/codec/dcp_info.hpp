#pragma once

#include <reshard/algebra/text.hpp>

#include <string>
#include <vector>

namespace reshard {
inline namespace v1 {

/// Where a shard that torch's distributed checkpoint wrote begins in its tensor, an offset per dim.
/// The shard's shape is in the header; the tensor's is the most of offset + size over all shards.
struct dcp_shard {
  std::string name;
  std::vector<index_t> saved_offsets;
  friend bool operator==(dcp_shard const&, dcp_shard const&) = default;
};

/// What a file says of its shards, in the order of the file.
struct dcp_info {
  std::vector<dcp_shard> shards;
  friend bool operator==(dcp_info const&, dcp_info const&) = default;
};

}  // namespace v1
}  // namespace reshard
