#pragma once

#include <reshard/algebra/error.hpp>

#include <memory>
#include <string>
#include <utility>

namespace reshard {
inline namespace v1 {

/// A checkpoint, or what is asked of it, does not fit: the text has the names, ranks and numbers.
class checkpoint_error : public error {
 public:
  checkpoint_error(errc code, char const* rule, std::string message)
      : error(code, rule), message_(std::make_shared<std::string const>(std::move(message))) {}
  [[nodiscard]] char const* what() const noexcept override { return message_->c_str(); }

 private:
  std::shared_ptr<std::string const> message_;  // shared, so that a copy never throws
};

namespace detail {
[[noreturn]] inline void checkpoint_is_incomplete(std::string const& message) {
  throw checkpoint_error{errc::checkpoint_is_incomplete, __func__, message};
}
[[noreturn]] inline void names_do_not_match(std::string const& message) {
  throw checkpoint_error{errc::names_do_not_match, __func__, message};
}
[[noreturn]] inline void replicas_differ(std::string const& message) {
  throw checkpoint_error{errc::replicas_differ, __func__, message};
}
[[noreturn]] inline void destination_exists(std::string const& message) {
  throw checkpoint_error{errc::destination_exists, __func__, message};
}
[[noreturn]] inline void arguments_disagree(std::string const& message) {
  throw checkpoint_error{errc::arguments_disagree, __func__, message};
}
[[noreturn]] inline void layouts_disagree(std::string const& message) {
  throw checkpoint_error{errc::layouts_disagree, __func__, message};
}
[[noreturn]] inline void not_enough_space(std::string const& message) {
  throw checkpoint_error{errc::not_enough_space, __func__, message};
}
}  // namespace detail

}  // namespace v1
}  // namespace reshard
