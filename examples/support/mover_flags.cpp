#include "support/mover_flags.hpp"

#include <reshard/codec/crc.hpp>
#include <reshard/codec/linear_crc.hpp>

#include <map>

namespace tools {

void mover_flags::add_to(CLI::App& app) {
  app.add_option("--workers", workers, "threads; default: one per processor");
  app.add_option("--memory", memory,
                 "of all that the job holds, such as 256MB; default: a quarter of the machine's or "
                 "the control group's, at most 1 GiB")
      ->transform(CLI::AsSizeValue(false))
      ->option_text("SIZE");
  app.add_flag("--dry_run", dry_run, "print the plan and an estimate, write nothing");
  app.add_option("--explain", explain, "print which bytes of which file a tensor comes from")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_flag("--verify", verify, "compare the result with the source afterwards");
  app.add_flag(
      "--checksum", checksum,
      "CRC-32 of every tensor while it is in memory; the result is read back and compared");
  app.add_flag("--force", force, "replace files that exist");
  app.add_flag("--fresh", fresh, "forget what an earlier run of the same command has done");
  app.add_option("--sync_every", sync_every,
                 "after so many bytes, or 30 s, what is done outlives a power cut; default: 4GiB")
      ->transform(CLI::AsSizeValue(false))
      ->option_text("SIZE");
  app.add_flag("--no_sync", no_sync, "let the system write to the disk when it likes");
  app.add_flag("--progress", progress, "say every 10 s how far it is, also when not on a terminal");
  app.add_flag("--quiet", quiet, "print warnings and errors only");
  app.add_option("--mode", mode, "permission bits of the files, such as 0400; default: by umask")
      ->check([](std::string const& text) {
        bool const octal = !text.empty() && text.size() < 6 &&
                           text.find_first_not_of("01234567") == std::string::npos;
        return octal ? std::string{} : "'" + text + "' is no octal number";
      });
  app.add_option("--report", report, "write what was done to this JSON file, also on failure");
  std::map<std::string, reshard::replica_rule> const rules{{"agree", reshard::replica_rule::agree},
                                                           {"first", reshard::replica_rule::first}};
  app.add_option("--replicas", replicas,
                 "copies of tensors that no strategy lists must agree, or the first one counts")
      ->transform(CLI::CheckedTransformer(rules))
      ->option_text("agree|first");
}

reshard::convert_options mover_flags::options() const {
  reshard::convert_options out;
  out.replicas = replicas;
  out.workers = workers;
  out.memory_bytes = memory;
  out.replace_existing = force;
  out.output.durable = !no_sync;
  if (sync_every != 0) out.output.sync_bytes = sync_every;
  out.output.fresh = fresh;
  out.output.crc_of = reshard::crc32_of;
  if (!mode.empty()) out.output.mode = static_cast<mode_t>(std::stoul(mode, nullptr, 8));
  if (checksum) out.checksum = reshard::linear_crc;
  return out;
}

}  // namespace tools
