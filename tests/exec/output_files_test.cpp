#include <reshard/exec/output_files.hpp>

#include "mover_case.hpp"

namespace output_files_test {

using namespace reshard;
using namespace mover_case;

namespace {
std::shared_ptr<file_image const> const image =
    std::make_shared<file_image const>(file_image{8, {{2, "abcd"}}, {}, {}});

std::string text_of(std::string const& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}
}  // namespace

TEST_CASE("output files have temporary names until they are published", "[output_files]") {
  folder const dir;
  std::string const path = dir.path + "/rank_0/a";
  output_files const files{{{path, image}}, "job"};
  CHECK(files.temporaries() == std::vector<std::string>{path + ".job.tmp"});
  CHECK(!files.are_there());
  files.create();
  CHECK(files.are_there());
  CHECK(!std::filesystem::exists(path));
  CHECK(text_of(path + ".job.tmp") == std::string{"\0\0abcd\0\0", 8});
  files.set_mode(0400);
  files.publish();
  CHECK(text_of(path).size() == 8);
  CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms::all) ==
        std::filesystem::perms::owner_read);
  CHECK(files.are_there_or_published());
  files.publish();  // again, as after a kill between two renames
  files.remove_temporaries();
  CHECK(std::filesystem::exists(path));
}

TEST_CASE("an old temporary file of another size or mode is replaced", "[output_files]") {
  folder const dir;
  output_files const files{{{dir.path + "/a", image}}, "job"};
  std::ofstream{dir.path + "/a.job.tmp"} << "0123456789";
  ::chmod((dir.path + "/a.job.tmp").c_str(), 0400);
  CHECK(!files.are_there());
  files.create();
  CHECK(text_of(dir.path + "/a.job.tmp") == std::string{"\0\0abcd\0\0", 8});
}

TEST_CASE("the CRC field is filled from the finished file", "[output_files]") {
  folder const dir;
  file_image with_crc = *image;
  with_crc.crc = crc_field{{4, 4}, crc_notation::big_endian, {{"", {0, 4}}}};
  output_files const files{{{dir.path + "/a", std::make_shared<file_image const>(with_crc)}}, "j"};
  files.create();
  files.fill_fields([](random_access_file const& file, std::span<covered_part const> covered) {
    std::byte bytes[4];
    file.read(covered.front().range.offset, bytes);
    return bytes[2] == std::byte{'a'} ? 0x01020304U : 0U;
  });
  files.sync_fields();
  files.publish();
  CHECK(text_of(dir.path + "/a") == std::string{"\0\0ab\1\2\3\4", 8});
}

TEST_CASE("files that cannot be made or renamed are named", "[output_files]") {
  folder const dir;
  std::ofstream{dir.path + "/file"} << "x";
  output_files const files{{{dir.path + "/file/a", image}}, "job"};
  CHECK_THROWS_WITH(files.create(), Catch::Contains(dir.path + "/file"));
  output_files const gone{{{dir.path + "/b", image}}, "job"};
  CHECK_THROWS_WITH(gone.publish(), Catch::Contains(dir.path + "/b"));
}

TEST_CASE("a file that another program made meanwhile stays", "[output_files]") {
  folder const dir;
  output_files const files{{{dir.path + "/a", image}}, "job"};
  files.create();
  std::ofstream{dir.path + "/a"} << "theirs";
  CHECK_THROWS_WITH(files.publish(false), Catch::Contains("/a") && Catch::Contains("exists"));
  CHECK(text_of(dir.path + "/a") == "theirs");
  CHECK(files.are_there());
  files.publish(true);
  CHECK(text_of(dir.path + "/a").size() == 8);
  files.publish(false);  // it has its name already
}

TEST_CASE("only a whole file may be one that is published", "[output_files]") {
  folder const dir;
  output_files const files{{{dir.path + "/a", image}}, "job"};
  CHECK(!files.are_there_or_published());
  std::ofstream{dir.path + "/a"} << "old";
  CHECK(!files.are_there_or_published());
  std::ofstream{dir.path + "/a"} << "8 bytes.";
  CHECK(files.are_there_or_published());
}

}  // namespace output_files_test
