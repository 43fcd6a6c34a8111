// Shows what is in checkpoint and strategy files, and checks them.

#include "support/hashes.hpp"
#include "support/strategies.hpp"

#include <nlohmann/json.hpp>
#include <reshard/checkpoint.hpp>
#include <reshard/codec/crc.hpp>
#include <reshard/codec/kind.hpp>
#include <reshard/formats.hpp>

namespace fs = std::filesystem;
using namespace reshard;
using nlohmann::ordered_json;

namespace {

struct inspect_flags {
  std::string path;
  bool json = false;
  bool hash = false;
  bool check = false;
};

void show(inspect_flags const& flags, ordered_json const& line) {
  if (flags.json) {
    fmt::print("{}\n", line.dump());
    return;
  }
  std::string text;
  for (auto const& [key, value] : line.items())
    if (key != "file")
      text += (text.empty() ? "" : "  ") +
              (value.is_string() ? value.get<std::string>() : key + " " + value.dump());
  fmt::print("{}\n", text);
}

void inspect_tensors(inspect_flags const& flags, random_access_file const& file,
                     file_format const& format) {
  file_index const index = format.index(file);
  if (flags.check) check_crc(file, index);
  for (indexed_tensor const& t : index.tensors) {
    std::uint64_t bytes = 0;
    for (byte_range const& range : t.ranges) bytes += range.bytes;
    ordered_json line{
        {"file", file.path()},      {"name", t.name},
        {"dtype", name_of(t.type)}, {"shape", t.shape},
        {"bytes", bytes},           {"offset", t.ranges.empty() ? 0 : t.ranges.front().offset}};
    if (flags.hash) line["sha256"] = tools::sha256_of(file, t);
    show(flags, line);
  }
}

void inspect_strategy(inspect_flags const& flags, std::string const& path) {
  strategy_with_warnings const read = read_strategy_with_warnings(path);
  tools::print_warnings(read.warnings);
  for (parameter_layout const& p : read.value.parameters)
    show(flags, {{"file", path},
                 {"name", p.name},
                 {"stage", p.stage},
                 {"device_matrix", p.device_matrix},
                 {"tensor_map", p.tensor_map},
                 {"opt_weight_shard_step", p.opt_weight_shard_step},
                 {"opt_weight_shard_size", p.opt_weight_shard_size}});
}

/// One file of any kind, told by its content.
void inspect_file(inspect_flags const& flags, std::string const& path) {
  random_access_file const file{path};
  file_kind const kind = kind_of(file);
  if (kind == file_kind::strategy || kind == file_kind::json) return inspect_strategy(flags, path);
  for (file_format const& format : all_formats())
    if (format.recognises(file)) return inspect_tensors(flags, file, format);
  // no format takes it: the .ckpt reader says at which byte it is damaged
  if (kind == file_kind::unknown) report_unknown_kind(file);
  inspect_tensors(flags, file, ckpt_format);
}

/// Copies of small tensors that every rank has must agree; says which do not.
int check_replicas(inspect_flags const& flags) {
  rank_files const found = find_rank_files(flags.path, file_choice::name);
  tools::print_warnings(found.warnings);
  for (auto const& [rank, path] : found.paths) inspect_file(flags, path);
  return tools::exit_ok;
}

int inspect_folder(inspect_flags const& flags) {
  std::vector<std::string> const files = files_in(flags.path, {".ckpt", ".json"});
  for (std::string const& path : files) inspect_file(flags, path);
  return check_replicas(flags);
}
}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Lists the tensors of checkpoints, or the layouts of strategy files; the kind is told by "
      "content."};
  app.footer("example: checkpoint_inspect ckpt/rank_0 --json --hash");
  inspect_flags flags;
  app.add_option("path", flags.path, "file or folder")->required();
  app.add_flag("--json", flags.json, "one JSON object per tensor");
  app.add_flag("--hash", flags.hash, "SHA-256 of each tensor's bytes");
  app.add_flag("--check", flags.check, "check the CRC trailer");
  return tools::run_tool(app, argc, argv, [&] {
    if (fs::is_directory(flags.path)) return inspect_folder(flags);
    inspect_file(flags, flags.path);
    return tools::exit_ok;
  });
}
