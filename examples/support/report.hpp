#pragma once

#include "support/tool.hpp"

#include <nlohmann/json.hpp>
#include <reshard/checkpoint/convert.hpp>

#include <fstream>
#include <string>

namespace tools {

/// Peak resident memory of this program, in bytes; 0 if the system does not say. (ru_maxrss also
/// counts what the process had before exec: that of the shell or interpreter that started it.)
inline std::uint64_t peak_bytes() {
  std::ifstream status{"/proc/self/status"};
  for (std::string word; status >> word;)
    if (std::uint64_t kib = 0; word == "VmHWM:" && status >> kib) return kib * 1024;
  return 0;
}

/// What is told of a job: collected while it runs, written as JSON at its end, whatever that is.
/// The fields are described in examples/README.md.
class job_report {
 public:
  /// Begins the file, so that a job does not find out at its end that it cannot be written.
  ///   throws: std::runtime_error
  explicit job_report(std::string path) : path_(std::move(path)) {
    json_["schema"] = 1;
    json_["status"] = "running";
    write();
  }
  job_report(job_report const&) = delete;
  job_report& operator=(job_report const&) = delete;

  /// What is known before the job runs, or what it did in the end.
  void add(reshard::conversion_plan const& plan, reshard::convert_report const& done) {
    json_["files"] = done.files;
    json_["tensors"] = done.tensors;
    json_["source_files"] = done.source_files;
    json_["read_bytes"] = done.read_bytes;
    json_["lower_bound_bytes"] = done.lower_bound_bytes;
    json_["ratio"] = done.ratio();
    json_["written_bytes"] = done.written_bytes;
    json_["transfers"] = done.transfers;
    json_["tasks"] = {{"done", done.tasks}, {"resumed", done.resumed_tasks}};
    json_["memory"] = {{"index_bytes", done.memory.index},
                       {"plan_bytes", done.memory.plan},
                       {"worker_bytes", done.memory.worker},
                       {"workers", done.memory.workers},
                       {"all_bytes", done.memory.all()}};
    json_["per_file"] = nlohmann::ordered_json::array();
    for (std::size_t f = 0; f < done.per_file.size(); ++f)
      json_["per_file"].push_back(file_json(plan, f, done.per_file[f]));
  }
  void set(std::string const& field, nlohmann::ordered_json value) {
    json_[field] = std::move(value);
  }
  void failed(std::exception const& e) {
    json_["status"] = "failed";
    json_["error"] = {{"message", e.what()}};
    if (auto const* ours = dynamic_cast<reshard::error const*>(&e)) {
      json_["error"]["rule"] = ours->rule();
      json_["error"]["code"] = static_cast<int>(ours->code());
    }
    if (auto const* of_file = dynamic_cast<reshard::codec_error const*>(&e)) {
      json_["error"]["path"] = of_file->path();
      json_["error"]["tensor"] = of_file->tensor();
      json_["error"]["byte"] = of_file->byte();
    }
  }

  /// Writes the file, if one was asked for.
  ///   throws: std::runtime_error
  void write() {
    if (!is_written()) throw std::runtime_error(path_ + " cannot be written");
  }
  /// The same where something else is wrong already, which is what is to be heard of.
  void write_at_last() noexcept {
    if (!is_written()) std::fprintf(stderr, "warning: %s cannot be written\n", path_.c_str());
  }

 private:
  bool is_written() noexcept try {
    if (path_.empty()) return true;
    json_["peak_bytes"] = peak_bytes();
    std::ofstream out{path_};
    out << json_.dump(2) << '\n';
    return static_cast<bool>(out.flush());
  } catch (std::exception const&) {
    return false;
  }
  static nlohmann::ordered_json file_json(reshard::conversion_plan const& plan, std::size_t f,
                                          reshard::file_report const& file) {
    nlohmann::ordered_json out{{"path", file.path},
                               {"size", file.size},
                               {"read_bytes", file.read_bytes},
                               {"written_bytes", file.written_bytes},
                               {"transfers", file.transfers}};
    for (std::size_t e = 0; e < file.checksums.size(); ++e)
      out["crc32"][plan.tensors[plan.files[f].entries[e].tensor].to.name] =
          fmt::format("{:08x}", file.checksums[e]);
    return out;
  }

  std::string path_;
  nlohmann::ordered_json json_;
};

/// Prints what a conversion will do.
inline void print_plan(reshard::convert_report const& plan) {
  fmt::print(
      "reads {} of {} files, writes {} to {} files in {} transfers of {} tensors; moved / lower "
      "bound = {:.4f}\n",
      human_bytes(static_cast<double>(plan.read_bytes)), plan.source_files,
      human_bytes(static_cast<double>(plan.written_bytes)), plan.files, plan.transfers,
      plan.tensors, plan.ratio());
  fmt::print("memory: index {}, plan {}, {} workers of {}\n",
             human_bytes(static_cast<double>(plan.memory.index)),
             human_bytes(static_cast<double>(plan.memory.plan)), plan.memory.workers,
             human_bytes(static_cast<double>(plan.memory.worker)));
}

}  // namespace tools
