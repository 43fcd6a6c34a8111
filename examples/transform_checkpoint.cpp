// Converts a checkpoint that was written under one parallel strategy into one for another.

#include "support/checkpoints.hpp"
#include "support/move_tensors.hpp"
#include "support/transform_flags.hpp"

#include <reshard/checkpoint/lay_out.hpp>
#include <reshard/checkpoint/removed_redundancy.hpp>

#include <deque>
#include <filesystem>

namespace fs = std::filesystem;
using namespace reshard;

namespace {

struct job {
  std::string source;  // file or folder
  std::string folder;  // where rank_N goes
};

/// Text before the first '.' of a file name, or the folder's name.
std::string auto_name(fs::path path) {
  if (!path.has_filename()) path = path.parent_path();
  std::string const name = path.filename().string();
  return fs::is_directory(path) ? name : name.substr(0, name.find('.'));
}

/// One job, or with --name auto one for each complete file of a folder without rank_0.
std::vector<job> jobs_of(tools::transform_flags const& flags) {
  fs::path const out = flags.destination;
  if (flags.name.empty()) return {{flags.source, out.string()}};
  if (flags.name != "auto") return {{flags.source, (out / flags.name).string()}};
  if (!fs::is_directory(flags.source) || fs::is_directory(fs::path{flags.source} / "rank_0"))
    return {{flags.source, (out / auto_name(fs::weakly_canonical(flags.source))).string()}};
  std::vector<job> jobs;
  for (std::string const& file : files_in(flags.source, {".ckpt"}))
    jobs.push_back({file, (out / auto_name(file)).string()});
  if (jobs.empty()) return {{flags.source, (out / auto_name(flags.source)).string()}};
  return jobs;
}

void check(tools::transform_flags const& flags, bool source_strategy, bool destination_strategy) {
  if (!source_strategy && !destination_strategy)
    detail::arguments_disagree("neither --src_strategy nor --dst_strategy: nothing to convert");
  if (flags.prefix.empty() || flags.prefix.find_first_of("/~ \t\n") != std::string::npos ||
      flags.prefix.find("..") != std::string::npos)
    detail::arguments_disagree("prefix '" + flags.prefix + "' is no safe beginning of a file name");
}

/// The script's marker that this process is done; the name level is where other tools look for it.
void mark_done(tools::transform_flags const& flags, job const& j) {
  if (flags.name.empty()) return;
  auto const rank = flags.by_rank_given() ? flags.rank_id.value_or(0) : 0;
  std::ofstream{fs::path{j.folder} / fmt::format("transform_succeed_rank_{}.txt", rank)};
}

conversion_plan plan_job(tools::transform_flags& flags, job const& j, catalog const& source,
                         std::optional<strategy> const& from, std::optional<strategy> const& to) {
  if (from && !flags.only_rank && !flags.by_rank_given())
    require_parameters(source, *from, absence_rule::of_lost_ranks);
  destination_layout destination = lay_out(source, to ? &*to : nullptr, flags.layout);
  tools::print_warnings(destination.warnings);
  file_format const& format = tools::format_named(flags.output_format);
  rank_file_options const files{[&](index_t rank) {
                                  return fmt::format("{}/rank_{}/{}{}{}", j.folder, rank,
                                                     flags.prefix, rank, format.extension);
                                },
                                flags.ranks(destination.ranks, to.has_value()), format,
                                tools::mindspore_image(format)};
  if (!flags.mover.quiet)
    fmt::print(
        "{} of {} {} with {} tensors -> {} of {} ranks, {} per stage\n", source.files.size(),
        source.ranks, source.complete_weights ? "files" : "ranks", source.tensors.size(),
        files.ranks.empty() ? static_cast<std::size_t>(destination.ranks) : files.ranks.size(),
        destination.ranks, destination.ranks_per_stage);
  return plan_rank_files(source, std::move(destination), files);
}

/// All jobs are one: one report, one budget, one way to go on after a kill.
int transform(tools::transform_flags& flags, tools::job_report& report) {
  auto const from = tools::strategy_of(flags.source_strategy);
  auto const to = tools::strategy_of(flags.destination_strategy);
  check(flags, from.has_value(), to.has_value());
  std::vector<job> const jobs = jobs_of(flags);
  std::deque<catalog> sources;
  conversion_plan plan;
  for (job const& j : jobs) {
    sources.push_back(tools::open_checkpoint(j.source, from, flags.source_files));
    append(plan, plan_job(flags, j, sources.back(), from, to));
  }
  int const status = tools::move_tensors(
      std::move(plan), flags.mover, jobs.size() == 1 ? jobs[0].folder : flags.destination, report);
  if (status == tools::exit_ok && flags.mover.moves())
    for (job const& j : jobs) mark_done(flags, j);
  return status;
}
}  // namespace

int main(int argc, char** argv) {
  tools::tool app{"Converts a distributed checkpoint from one parallel strategy to another."};
  app.footer(
      "example: transform_checkpoint --src_checkpoint ckpt --src_strategy src_strategy "
      "--dst_strategy dst_strategy --dst_checkpoint_dir out --verify");
  tools::transform_flags flags;
  flags.add_to(app);
  return tools::run_reported(app, argc, argv, flags.mover,
                             [&](tools::job_report& report) { return transform(flags, report); });
}
