#pragma once

#include "support/tool.hpp"

#include <reshard/checkpoint/convert.hpp>

#include <unistd.h>

#include <chrono>

namespace tools {

/// Says how far a job is: a bar on a terminal, a line every 10 s elsewhere if asked for.
class progress_display {
 public:
  enum class form { none, bar, lines };

  explicit progress_display(form how) : form_(how) {}
  /// The form for a terminal or none, with the flags.
  static form form_for(bool asked, bool quiet) {
    if (quiet) return form::none;
    if (::isatty(STDERR_FILENO) != 0) return form::bar;
    return asked ? form::lines : form::none;
  }

  [[nodiscard]] std::function<void(reshard::convert_progress const&)> callback() {
    if (form_ == form::none) return {};
    return [this](reshard::convert_progress const& p) { show(p); };
  }
  /// Ends the line of a bar.
  void finish() {
    if (form_ == form::bar && shown_) fmt::print(stderr, "\r\033[K");
  }

 private:
  using clock = std::chrono::steady_clock;

  void show(reshard::convert_progress const& p) {
    auto const now = clock::now();
    auto const pause =
        form_ == form::bar ? std::chrono::milliseconds{200} : std::chrono::milliseconds{10'000};
    if (now - last_ < pause) return;
    last_ = now;
    shown_ = true;
    std::string const text = line(p, now);
    if (form_ == form::bar)
      fmt::print(stderr, "\r{}\033[K", text);
    else
      fmt::print(stderr, "{}\n", text);
    std::fflush(stderr);
  }

  std::string line(reshard::convert_progress const& p, clock::time_point now) {
    double const share = p.all_bytes == 0
                             ? 1.0
                             : static_cast<double>(p.done_bytes) / static_cast<double>(p.all_bytes);
    std::chrono::duration<double> const spent = now - begin_;
    if (first_bytes_ == no_bytes) first_bytes_ = p.done_bytes;
    double const rate =
        static_cast<double>(p.done_bytes - first_bytes_) / std::max(spent.count(), 1e-3);
    double const left = static_cast<double>(p.all_bytes - std::min(p.done_bytes, p.all_bytes));
    std::string const eta = rate > 0 ? fmt::format("{:.0f} s left", left / rate) : "";
    std::string bar;
    if (form_ == form::bar) {
      auto const full = static_cast<std::size_t>(share * 20);
      bar = fmt::format("[{:<20}] ", std::string(std::min<std::size_t>(full, 20), '#'));
    }
    return fmt::format("{}{:3.0f} %  {} of {}  {}/s  {}  {}/{} files  {:.40}", bar, 100 * share,
                       human_bytes(static_cast<double>(p.done_bytes)),
                       human_bytes(static_cast<double>(p.all_bytes)), human_bytes(rate), eta,
                       p.files_done(), p.files.size(), p.tensor);
  }

  static constexpr std::uint64_t no_bytes = ~std::uint64_t{0};

  form form_;
  bool shown_ = false;
  std::uint64_t first_bytes_ = no_bytes;
  clock::time_point begin_ = clock::now();
  clock::time_point last_ = begin_ - std::chrono::hours{1};
};

}  // namespace tools
