// Shows what is in checkpoint and strategy files, and checks them.

#include "support/checkpoints.hpp"
#include "support/hashes.hpp"
#include "support/tool.hpp"

#include <nlohmann/json.hpp>
#include <reshard/checkpoint/verify.hpp>
#include <reshard/codec/crc.hpp>
#include <reshard/codec/kind.hpp>

namespace fs = std::filesystem;
using namespace reshard;
using nlohmann::ordered_json;

namespace {

struct inspect_flags {
  std::string path;
  std::string strategy;
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
  strategy const read = tools::read_strategy(path);
  for (parameter_layout const& p : read.parameters)
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
  if (kind == file_kind::strategy || kind == file_kind::json) {
    if (path == flags.path && (flags.hash || flags.check))
      detail::arguments_disagree(path + " has no tensors: --hash and --check say nothing of it");
    return inspect_strategy(flags, path);
  }
  for (file_format const& format : tools::formats())
    if (format.recognises(file)) return inspect_tensors(flags, file, format);
  // no format takes it: the .ckpt reader says at which byte it is damaged
  if (kind == file_kind::unknown) report_unknown_kind(file);
  inspect_tensors(flags, file, tools::format_named("ckpt"));
}

/// Copies must agree. Without a strategy nobody knows whether tensors of equal shape are copies:
/// those that differ are counted.
int check_replicas(inspect_flags const& flags) {
  auto const strategy = tools::strategy_of(flags.strategy);
  catalog const c = strategy ? tools::open_checkpoint(flags.path, strategy)
                             : open_possible_copies(flags.path, tools::formats());
  std::size_t differing = 0;
  for (catalog_tensor const& t : c.tensors) {
    std::vector<finding> const found = differing_replicas(c, t);
    differing += found.empty() ? 0 : 1;
    for (finding const& f : found)
      if (strategy) fmt::print(stderr, "replicas differ: {}: {}\n", f.tensor, f.what);
  }
  std::FILE* const out = flags.json ? stderr : stdout;  // stdout has one object per tensor
  if (strategy) {
    fmt::print(out, "replicas: {} tensors compared, {} differ\n", c.tensors.size(), differing);
    return differing == 0 ? tools::exit_ok : tools::exit_failed;
  }
  fmt::print(out, "replicas: {} names are the same in all ranks that have them",
             c.tensors.size() - differing);
  if (differing > 0)
    fmt::print(out, ", {} differ between ranks (give --strategy to tell shards from copies)",
               differing);
  fmt::print(out, "\n");
  return tools::exit_ok;
}

int inspect_folder(inspect_flags const& flags) {
  std::vector<std::string> files = files_in(flags.path, {".safetensors"});  // .json configures them
  if (files.empty()) files = files_in(flags.path, {".ckpt", ".json"});
  if (!detail::index_name_in(flags.path).empty())  // compares the index with the files
    (void)tools::open_checkpoint(flags.path, std::nullopt);
  for (std::string const& path : files) inspect_file(flags, path);
  rank_files const ranks = find_rank_files(flags.path);
  tools::print_warnings(ranks.warnings);
  for (auto const& [rank, path] : ranks.paths) inspect_file(flags, path);
  bool const several = ranks.paths.size() > 1 || !flags.strategy.empty();
  return flags.check && several ? check_replicas(flags) : tools::exit_ok;
}

int inspect(inspect_flags const& flags) {
  if (fs::is_directory(flags.path)) return inspect_folder(flags);
  if (!flags.strategy.empty())
    detail::arguments_disagree(flags.path +
                               " is no folder of ranks: --strategy says nothing of it");
  inspect_file(flags, flags.path);
  return tools::exit_ok;
}
}  // namespace

int main(int argc, char** argv) {
  tools::tool app{
      "Lists the tensors of checkpoints, or the layouts of strategy files; the kind is told by "
      "content."};
  app.footer(
      "example: checkpoint_inspect ckpt/rank_0 --json --hash\n"
      "example: checkpoint_inspect ckpt --check --strategy ckpt_strategy.ckpt");
  inspect_flags flags;
  app.add_option("path", flags.path, "file or folder")->required();
  app.add_flag("--json", flags.json, "one JSON object per tensor");
  app.add_flag("--hash", flags.hash, "SHA-256 of each tensor's bytes");
  CLI::Option* const check =
      app.add_flag("--check", flags.check, "check the CRC trailer, and that copies in ranks agree");
  app.add_option("--strategy", flags.strategy,
                 "file or folder: tells which ranks must hold the same (with --check)")
      ->needs(check);
  return app.run(argc, argv, [&] { return inspect(flags); });
}
