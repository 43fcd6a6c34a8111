// Writes every file of a checkpoint in the other container, tensors as they are.

#include "support/checkpoints.hpp"
#include "support/move_tensors.hpp"

#include <nlohmann/json.hpp>
#include <reshard/checkpoint/planned_names.hpp>
#include <reshard/checkpoint/same_files.hpp>

#include <fstream>

namespace fs = std::filesystem;
using namespace reshard;

namespace {

struct container_flags {
  std::string source, destination, format, name_map, file_pattern;
  tools::source_flags source_files;
  tools::mover_flags mover;
};

void add_flags(CLI::App& app, container_flags& flags) {
  app.add_option("--src_checkpoint,--file_path", flags.source,
                 "a file, a folder of files, or one with rank folders")
      ->required();
  app.add_option("--dst_checkpoint_dir,--save_path", flags.destination,
                 "where the result goes, rank folders as in the source; default: beside it");
  app.add_option("--output_format", flags.format, "files of the other container are converted")
      ->required()
      ->check(CLI::IsMember({"ckpt", "safetensors"}))
      ->option_text("ckpt|safetensors");
  app.add_option("--name_map", flags.name_map, "JSON file {\"old name\": \"new name\"}");
  app.add_option("--file_name_regex", flags.file_pattern,
                 "only files whose names have a match (regular expression)");
  app.add_flag("--lenient", flags.source_files.lenient,
               "take safetensors files that break the rules in ways that others accept");
  flags.mover.add_to(app);
}

/// The names of a file that maps old ones to new ones.
std::map<std::string, std::string> read_names(std::string const& path) {
  if (path.empty()) return {};
  std::ifstream in{path};
  nlohmann::json const names = nlohmann::json::parse(in, nullptr, false);
  if (!names.is_object()) detail::arguments_disagree(path + " is no JSON object of names");
  std::map<std::string, std::string> out;
  for (auto const& [from, to] : names.items()) {
    if (!to.is_string()) detail::arguments_disagree(path + ": the new name of '" + from + "'");
    out.emplace(from, to.get<std::string>());
  }
  return out;
}

/// Folders with files to be converted: the rank folders, else the folder itself.
std::vector<fs::path> folders_of(fs::path const& source) {
  std::vector<fs::path> folders;
  for (auto const& entry : fs::directory_iterator{source})
    if (entry.is_directory() && entry.path().filename().string().starts_with("rank"))
      folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  if (folders.empty()) folders.push_back(source);
  return folders;
}

/// Files to be converted.
std::vector<std::string> files_of(container_flags const& flags) {
  std::string const extension = flags.format == "ckpt" ? ".safetensors" : ".ckpt";
  if (!fs::exists(flags.source)) detail::checkpoint_is_incomplete(flags.source + " does not exist");
  std::vector<std::string> files;
  if (!fs::is_directory(flags.source)) {
    if (fs::path{flags.source}.extension() == extension) files.push_back(flags.source);
  } else {
    for (fs::path const& folder : folders_of(flags.source))
      for (std::string const& file : files_in(folder.string(), {extension})) files.push_back(file);
  }
  std::regex const pattern{flags.file_pattern};
  std::erase_if(files, [&](std::string const& file) {
    return !std::regex_search(fs::path{file}.filename().string(), pattern);
  });
  if (files.empty())
    detail::checkpoint_is_incomplete(
        fmt::format("{} has no {} file to be converted{}", flags.source, extension,
                    flags.file_pattern.empty() ? "" : " of that name"));
  return files;
}

/// Where the result of a file goes: at its place below the destination.
std::string path_of(container_flags const& flags, fs::path const& file) {
  fs::path const source{flags.source};
  fs::path const root = fs::is_directory(source) ? source : source.parent_path();
  fs::path to = flags.destination.empty() ? root : fs::path{flags.destination};
  to /= file.lexically_relative(root);
  return to.replace_extension(tools::format_named(flags.format).extension).string();
}

/// All files are one job, in which every tensor stays in its file.
int convert(container_flags const& flags, tools::job_report& report) {
  std::map<std::string, std::string> const names = read_names(flags.name_map);
  std::vector<std::string> const files = files_of(flags);
  catalog const source = open_separately(files, flags.source_files.formats());
  file_format const& format = tools::format_named(flags.format);
  auto const path_of_file = [&](index_t number) {
    return path_of(flags, files[static_cast<std::size_t>(number)]);
  };
  conversion_plan plan = plan_rank_files(
      source, lay_out_alike(source), {path_of_file, {}, format, tools::mindspore_image(format)});
  for (std::string const& name : rename_in_files(plan, names))
    fmt::print(stderr, "warning: {}: no file has '{}'\n", flags.name_map, name);
  fs::path const where = files.size() == 1           ? fs::path{plan.files[0].path}.parent_path()
                         : flags.destination.empty() ? fs::path{flags.source}
                                                     : fs::path{flags.destination};
  return tools::move_tensors(std::move(plan), flags.mover, where.string(), report);
}
}  // namespace

int main(int argc, char** argv) {
  tools::tool app{
      "Writes the files of a checkpoint in the other container, .ckpt or .safetensors; tensors, "
      "names and rank folders stay."};
  app.footer(
      "example: convert_container --src_checkpoint ckpt --dst_checkpoint_dir out --output_format "
      "safetensors --verify");
  container_flags flags;
  add_flags(app, flags);
  return tools::run_reported(app, argc, argv, flags.mover,
                             [&](tools::job_report& report) { return convert(flags, report); });
}
