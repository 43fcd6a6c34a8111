#pragma once

#include <reshard/algebra/error.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace reshard {
inline namespace v1 {

/// A text from a file between quotes, so that a message stays one readable line: control characters
/// as \xNN, at most 200 bytes.
[[nodiscard]] inline std::string in_quotes(std::string_view words) {
  constexpr std::size_t most = 200;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "'";
  for (char const c : words.substr(0, most)) {
    auto const byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    } else {
      out += c;
    }
  }
  return out + (words.size() > most ? "...'" : "'");
}

/// Where in which file something is wrong. Empty members are unknown.
struct file_place {
  std::string path;
  std::string tensor;
  std::int64_t byte = -1;
};

/// A file does not hold what it should, or cannot be read or written.
///   what(): "<path>: tensor '<tensor>': byte <n>: <message>", without the unknown parts
class codec_error : public error {
 public:
  codec_error(errc code, char const* rule, file_place place, std::string const& message)
      : error(code, rule),
        facts_(std::make_shared<facts const>(facts{place, message, text_of(place, message)})) {}

  [[nodiscard]] char const* what() const noexcept override { return facts_->text.c_str(); }
  [[nodiscard]] std::string const& path() const noexcept { return facts_->place.path; }
  [[nodiscard]] std::string const& tensor() const noexcept { return facts_->place.tensor; }
  [[nodiscard]] std::int64_t byte() const noexcept { return facts_->place.byte; }
  /// what() without the place.
  [[nodiscard]] std::string const& message() const noexcept { return facts_->message; }

 private:
  struct facts {
    file_place place;
    std::string message;
    std::string text;
  };

  static std::string text_of(file_place const& place, std::string const& message) {
    std::string out;
    if (!place.path.empty()) out += place.path + ": ";
    if (!place.tensor.empty()) out += "tensor " + in_quotes(place.tensor) + ": ";
    if (place.byte >= 0) out += "byte " + std::to_string(place.byte) + ": ";
    return out + message;
  }

  std::shared_ptr<facts const> facts_;  // shared, so that a copy never throws
};

}  // namespace v1
}  // namespace reshard
