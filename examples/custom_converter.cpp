// A converter of one's own: a home-made rank format in, safetensors-like blobs out.

#include <fmt/ranges.h>
#include <fstream>
#include <reshard/checkpoint.hpp>

using namespace reshard;

// The format of the ranks: "<name> <rows> <columns>", a line break, rows * columns bytes; repeated.
file_index tile_index(random_access_file const& file) {
  file_index out;
  std::ifstream in{file.path()};
  indexed_tensor t{"", dtype::uint8, {0, 0}, {}, 1};
  while (in >> t.name >> t.shape[0] >> t.shape[1]) {
    auto const bytes = static_cast<std::uint64_t>(t.shape[0] * t.shape[1]);
    t.ranges = {{static_cast<std::uint64_t>(in.tellg()) + 1, bytes}};
    out.tensors.push_back(t);
    in.seekg(static_cast<std::streamoff>(t.ranges[0].offset + bytes));
  }
  return out;
}

// The blobs: the length of the JSON header in 8 bytes, the header, the tensors.
file_image blob_image(std::span<image_entry const> entries, image_options const&) {
  file_image out;
  std::string header;
  for (image_entry const& e : entries) {
    std::uint64_t const end = out.size + static_cast<std::uint64_t>(e.shape[0] * e.shape[1]);
    header += fmt::format(R"({}"{}":{{"dtype":"U8","shape":{},"data_offsets":[{},{}]}})",
                          header.empty() ? "{" : ",", e.name, e.shape, out.size, end);
    out.ranges.push_back({{out.size, end - out.size}});
    out.size = end;
  }
  std::uint64_t const length = (header += "}").size();
  for (auto& ranges : out.ranges) ranges[0].offset += 8 + length;
  out.literals = {{0, std::string(reinterpret_cast<char const*>(&length), 8) + header}};
  out.size += 8 + length;
  return out;
}

int main(int argc, char** argv) {
  if (argc != 3) return fmt::print("custom_converter RANKS BLOBS, two folders\n"), 2;
  catalog tiles;
  for (tiles.ranks = 0; tiles.ranks < 4; ++tiles.ranks) {
    random_access_file const file{fmt::format("{}/rank_{}.tiles", argv[1], tiles.ranks)};
    tiles.files[tiles.ranks] = {file.path(), std::make_shared<named_index>(tile_index(file))};
  }
  strategy halves;  // the destination: two ranks, each has half of the rows
  for (indexed_tensor const& t : tiles.files[0].index->index().tensors) {
    layout const quarters{{2, 2}, plain_map({2, 2}, {1, 0}), {2 * t.shape[0], 2 * t.shape[1]}};
    tiles.tensors.push_back({t.name, t.type, quarters.shape(), true, {{0, quarters}}});
    halves.parameters.push_back({t.name, 0, {2}, {{0}, {}}, false, {}, {}, 0, 0, 0, {}});
  }
  rank_file_options blobs;
  blobs.path_of = [&](index_t rank) { return fmt::format("{}/half_{}.blob", argv[2], rank); };
  blobs.format = {"blob", ".blob", nullptr, nullptr, blob_image};  // never read back
  conversion job{plan_rank_files(tiles, lay_out(tiles, &halves), blobs), {}};
  convert_report const done = job.run();
  fmt::print("{} blobs, {} tensors, read / needed {}\n", done.files, done.tensors, done.ratio());
}
