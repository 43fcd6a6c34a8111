#include "files.hpp"
#include "node_strategy.pb.h"

#include <reshard/codec/group_info.hpp>

namespace group_info_test {

using namespace reshard;
using files::error_of;
using files::from_hex;
using ranks = std::vector<index_t>;

namespace {
ranks read(std::string const& bytes) {
  files::temporary_folder const folder;
  return read_group_info(folder.write("group.ckpt", bytes));
}
}  // namespace

TEST_CASE("the list that MindSpore writes", "[group_info]") {
  CHECK(read(from_hex("0a0d0a05322d31323312040800080212080800080208040806")) == ranks{0, 2, 4, 6});
  CHECK(read_group_info(files::data("mindspore/group_info/src/group.ckpt")) == ranks{0, 2, 4, 6});
}

TEST_CASE("lists that protobuf writes, packed or not", "[group_info]") {
  mindspore::straspb::ParallelGroupMap plain;
  mindspore::straspb::PackedGroupMap packed;
  ranks expected;
  for (std::uint32_t const rank : {5U, 0U, 300U, UINT32_MAX}) {
    plain.mutable_ckpt_restore_rank_list()->add_dim(rank);
    packed.mutable_ckpt_restore_rank_list()->add_dim(rank);
    expected.push_back(rank);
  }
  CHECK(read(plain.SerializeAsString()) == expected);
  CHECK(read(packed.SerializeAsString()) == expected);
}

TEST_CASE("a file without list is an error", "[group_info]") {
  auto const e = error_of([] { read(from_hex("0a0d0a05322d313233120408000802")); });
  CHECK(e.code() == errc::strategy_is_malformed);
  CHECK(files::contains(e.what(), "ckpt_restore_rank_list"));
  CHECK(error_of([] { read(""); }).code() == errc::strategy_is_malformed);
}

TEST_CASE("truncated and malformed group files", "[group_info]") {
  std::string const bytes = from_hex("0a0d0a05322d31323312040800080212080800080208040806");
  for (std::size_t n = 1; n < bytes.size(); ++n) {
    INFO(n);
    CHECK_FALSE(error_of([&] { read(bytes.substr(0, n)); }).path().empty());
  }
  CHECK(error_of([] {
          read(
              from_hex("120208001202"
                       "0800"));
        }).code() == errc::file_is_malformed);
  CHECK(error_of([] { read(from_hex("1001")); }).code() == errc::file_is_malformed);
  CHECK(error_of([] { read(from_hex("120708ffffffffff01")); }).code() ==
        errc::strategy_is_malformed);
}

}  // namespace group_info_test
