#include "support/move_tensors.hpp"

#include "support/job_control.hpp"
#include "support/progress.hpp"
#include "support/report.hpp"

namespace tools {
namespace {

std::string box_text(reshard::box const& b) {
  std::string out;
  print(out, b);
  return out;
}

void print_explanation(reshard::conversion const& work, std::string const& name) {
  work.explain(name, [](reshard::explained_transfer const& t) {
    fmt::print("{} byte {} <- {} byte {}: {} bytes, {}{}\n", t.to_path, t.to_byte, t.from_path,
               t.from_byte, t.bytes, box_text(t.what), t.rearranged ? ", rearranged" : "");
  });
}

/// What --dry_run adds to the plan.
void print_estimate(reshard::conversion const& work, job_report& report) {
  double const seconds = work.estimated_seconds();
  std::uint64_t const free = reshard::free_bytes(work.plan());
  for (reshard::file_report const& file : work.report().per_file)
    fmt::print("{}: reads {}, writes {}, {} transfers\n", file.path,
               human_bytes(static_cast<double>(file.read_bytes)),
               human_bytes(static_cast<double>(file.written_bytes)), file.transfers);
  fmt::print("free space {}, estimated time {:.1f} s\n", human_bytes(static_cast<double>(free)),
             seconds);
  report.set("free_bytes", free);
  report.set("estimated_seconds", seconds);
  report.set("status", "planned");
}

bool verified(reshard::conversion const& work, mover_flags const& flags, job_report& report) {
  std::vector<reshard::finding> const findings = work.verify_written();
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (reshard::finding const& f : findings) {
    fmt::print(stderr, "differs: {}: {}\n", f.tensor, f.what);
    list.push_back({{"tensor", f.tensor}, {"what", f.what}});
  }
  report.set("differences", std::move(list));
  if (findings.empty() && !flags.quiet)
    fmt::print("verified: every element of every file equals the source\n");
  return findings.empty();
}

void print_summary(reshard::convert_report const& done, double seconds, std::string const& where) {
  double const bytes = static_cast<double>(std::max(done.read_bytes, done.written_bytes));
  if (done.resumed_tasks > 0)
    fmt::print("went on with a job of before: {} of {} tasks were done\n", done.resumed_tasks,
               done.resumed_tasks + done.tasks);
  fmt::print("{} tensors, read {}, wrote {}, {:.2f} s, {:.2f} GB/s, peak memory {}\n", done.tensors,
             human_bytes(static_cast<double>(done.read_bytes)),
             human_bytes(static_cast<double>(done.written_bytes)), seconds,
             bytes / 1e9 / std::max(seconds, 1e-6), human_bytes(static_cast<double>(peak_bytes())));
  fmt::print("wrote {} files below {}\n", done.files, where);
}

}  // namespace

int move_tensors(reshard::conversion_plan plan, mover_flags const& flags, std::string const& where,
                 job_report& report) {
  std::atomic<bool> written{false};
  auto const give_up = [&](int signal) {
    fmt::print(stderr, "stopped; {}\n",
               written ? "the files are complete, the check is not"
                       : "the same command goes on from here, --fresh starts over");
    report.set("status", "stopped");
    report.set("signal", signal);
    report.write_at_last();
  };
  stop_on_signal const signals{give_up};
  progress_display progress{progress_display::form_for(flags.progress, flags.quiet)};
  reshard::convert_options options = flags.options();
  options.stop = signals.token();
  options.progress = progress.callback();
  reshard::conversion work{std::move(plan), std::move(options)};
  report.add(work.plan(), work.report());
  for (std::string const& name : flags.explain) print_explanation(work, name);
  if (!flags.explain.empty()) return exit_ok;
  if (!flags.quiet) print_plan(work.report());
  if (flags.dry_run) {
    print_estimate(work, report);
    return exit_ok;
  }
  auto const begin = std::chrono::steady_clock::now();
  try {
    reshard::convert_report const done = work.run();
    std::chrono::duration<double> const seconds = std::chrono::steady_clock::now() - begin;
    progress.finish();
    report.add(work.plan(), done);
    report.set("seconds", seconds.count());
    report.set("status", "done");
    written = true;
    if (flags.verify && !verified(work, flags, report)) {
      report.set("status", "differs");
      return exit_failed;
    }
    if (!flags.quiet) print_summary(done, seconds.count(), where);
  } catch (reshard::plan_error const& e) {
    progress.finish();
    if (e.code() != reshard::errc::cancelled || signals.seen() == 0) throw;
    give_up(signals.seen());
    return 128 + signals.seen();
  } catch (std::exception const&) {
    progress.finish();
    if (work.is_kept())
      fmt::print(
          stderr,
          "what is done is kept: the same command goes on from there, --fresh starts over\n");
    throw;
  }
  return exit_ok;
}

int run_reported(tool& app, int argc, char** argv, mover_flags const& flags,
                 std::function<int(job_report&)> const& body) {
  return app.run(argc, argv, [&] {
    job_report report{flags.report};
    try {
      int const status = body(report);
      report.write();
      return status;
    } catch (std::exception const& e) {
      report.failed(e);
      report.write_at_last();
      throw;
    }
  });
}

}  // namespace tools
