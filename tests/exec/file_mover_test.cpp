#include <reshard/exec.hpp>

#include <catch2/catch.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <numeric>

namespace file_mover_test {

using namespace reshard;

namespace {

struct folder {
  folder() {
    std::string name = (std::filesystem::temp_directory_path() / "reshard_test_XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  folder(folder const&) = delete;
  folder& operator=(folder const&) = delete;
  ~folder() { std::filesystem::remove_all(path); }
  std::string path;
};

void write(std::string const& path, std::vector<std::int32_t> const& values) {
  std::ofstream{path, std::ios::binary}.write(reinterpret_cast<char const*>(values.data()),
                                              static_cast<std::streamsize>(values.size() * 4));
}

std::vector<std::int32_t> read(std::string const& path) {
  std::vector<std::int32_t> values(std::filesystem::file_size(path) / 4);
  std::ifstream{path, std::ios::binary}.read(reinterpret_cast<char*>(values.data()),
                                             static_cast<std::streamsize>(values.size() * 4));
  return values;
}

layout const whole{device_matrix{1}, plain_map({1}, {-1, -1}), {6, 8}};
layout const columns{device_matrix{4}, plain_map({4}, {-1, 0}), {6, 8}};
std::vector<byte_range> const source_ranges{{0, 100}, {104, 92}};  // two chunks, 4 bytes apart
std::vector<byte_range> const slice_ranges{{0, 48}};

file_move cut_columns() {
  file_move move{"w", 4, {}, {}};
  move.from.push_back({whole, [](index_t) { return file_shard{0, source_ranges, 4, 0}; }});
  move.to.push_back({columns, [](index_t device) {
                       return file_shard{static_cast<std::size_t>(device), slice_ranges, 4, 0};
                     }});
  return move;
}

mover_files make_files(std::string const& dir, std::size_t source_values) {
  std::vector<std::int32_t> values(48);
  std::iota(values.begin(), values.end(), 0);
  values.insert(values.begin() + 25, -7);  // between the chunks
  values.resize(source_values);
  write(dir + "/source", values);
  mover_files files{{dir + "/source"}, {}};
  for (int d = 0; d < 4; ++d) {
    files.destinations.push_back(dir + "/" + std::to_string(d));
    write(files.destinations.back(), std::vector<std::int32_t>(12, -1));
  }
  return files;
}
}  // namespace

TEST_CASE("each byte is read once and written once, whatever the units and workers",
          "[file_mover]") {
  for (std::size_t const unit_bytes : {4U, 40U, 1U << 20})
    for (std::size_t const workers : {1U, 3U}) {
      folder const dir;
      mover_files const files = make_files(dir.path, 49);
      mover_options options;
      options.unit_bytes = unit_bytes;
      options.workers = workers;
      mover_report const done =
          file_mover{files, options}.run(1, [](std::size_t) { return cut_columns(); });
      CHECK(done.read_bytes == 192);
      CHECK(done.written_bytes == 192);
      for (std::int32_t d = 0; d < 4; ++d) {
        std::vector<std::int32_t> expected;
        for (std::int32_t row = 0; row < 6; ++row)
          for (std::int32_t column = 2 * d; column < 2 * d + 2; ++column)
            expected.push_back(row * 8 + column);
        CHECK(read(files.destinations[static_cast<std::size_t>(d)]) == expected);
      }
    }
}

TEST_CASE("a source that is too short names file, tensor and byte", "[file_mover]") {
  folder const dir;
  mover_files const files = make_files(dir.path, 40);
  try {
    file_mover{files, {}}.run(1, [](std::size_t) { return cut_columns(); });
    FAIL("nothing was thrown");
  } catch (codec_error const& e) {
    CHECK(e.path() == files.sources.front());
    CHECK(e.tensor() == "w");
    CHECK(e.byte() == 104);
  }
}

TEST_CASE("a stop request ends the job with an error", "[file_mover]") {
  folder const dir;
  mover_files const files = make_files(dir.path, 49);
  std::stop_source stop;
  stop.request_stop();
  mover_options options;
  options.stop = stop.get_token();
  file_mover mover{files, options};
  CHECK_THROWS_AS(mover.run(1, [](std::size_t) { return cut_columns(); }), plan_error);
}

TEST_CASE("units partition the tensor in row-major order", "[file_mover]") {
  extents const shape{5, 7, 3};
  for (std::size_t bytes = 1; bytes < 500; bytes += 7) {
    unit_list const units{shape, 4, bytes};
    index_t next = 0;
    for (index_t i = 0; i < units.size(); ++i) {
      box const unit = units[i];
      REQUIRE(piece{box{shape}}.address(unit.offset()) == next);
      REQUIRE((unit.elements() * 4 <= static_cast<index_t>(bytes) || unit.elements() == 1));
      next += unit.elements();
    }
    REQUIRE(next == 105);
  }
}

TEST_CASE("output files appear complete or not at all", "[file_mover]") {
  folder const dir;
  auto const image = std::make_shared<file_image const>(file_image{4, {{0, "abcd"}}, {}, {}});
  {
    output_files const abandoned{{{dir.path + "/rank_0/a", image}}, "job"};
    CHECK(std::filesystem::exists(abandoned.temporaries().front()));
  }
  CHECK(std::filesystem::is_empty(dir.path + "/rank_0"));
  output_files kept{{{dir.path + "/rank_0/a", image}}, "job"};
  kept.publish(0400, {});
  CHECK(std::filesystem::file_size(dir.path + "/rank_0/a") == 4);
  CHECK((std::filesystem::status(dir.path + "/rank_0/a").permissions() &
         std::filesystem::perms::all) == std::filesystem::perms::owner_read);
}

}  // namespace file_mover_test
