#pragma once

#include <reshard/testing/for_all.hpp>
#include <reshard/testing/predicates.hpp>

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

// Catch2 2.13 or 3.
//   CHECK_THAT(transfers, CoversExactlyOnce(from, to));
//   CHECK_THAT(transfers, MovesNoMoreThan(cost(from, to).lower_bound));
//   CHECK_THAT(after(from, steps), SameElements(to));

template <> struct Catch::StringMaker<reshard::layout> {
  static std::string convert(reshard::layout const& l) { return reshard::testing::to_text(l); }
};

/// The number of transfers and the first few of them.
template <> struct Catch::StringMaker<reshard::testing::transfer_list> {
  static std::string convert(reshard::testing::transfer_list const& transfers) {
    std::string words = std::to_string(transfers.size()) + " transfers:";
    for (std::size_t i = 0; i < transfers.size() && i < 8; ++i) {
      words += i == 0 ? " " : ", ";
      print(words, transfers[i]);
    }
    return transfers.size() > 8 ? words + ", ..." : words;
  }
};

namespace reshard {
inline namespace v1 {
namespace testing {
namespace detail {
#if __has_include(<catch2/catch_all.hpp>)
template <class T> using matcher_base = Catch::Matchers::MatcherBase<T>;
#else
template <class T> using matcher_base = Catch::MatcherBase<T>;
#endif

inline std::string sentence_of(plan_finding const& finding) {
  std::string const device = "device " + std::to_string(finding.device);
  switch (finding.fault) {
    case plan_fault::no_such_device:
      return "a transfer names a device that does not exist";
    case plan_fault::outside:
      return "a transfer to " + device + " leaves the storage of its device";
    case plan_fault::wrong_element:
      return "a transfer brings " + device + " elements that belong elsewhere";
    case plan_fault::filled_twice:
      return "an element of " + device + " is filled twice";
    case plan_fault::not_filled:
      return "an element of " + device + " is filled by nobody";
    default:
      return "no fault";
  }
}

/// How the transfers fill the device that the finding names; what should come from where.
inline std::string filling_picture(plan_finding const& finding, layout const& to,
                                   transfer_list const& transfers) {
  if (!has_device(to, finding.device)) return "";
  std::string words = "\nwho fills device " + std::to_string(finding.device) + ":\n";
  print_filling(words, to.local_shape(finding.device), finding.device, transfers);
  return words;
}
}  // namespace detail

/// Transfers fill all that `to` stores, each element once; made by CoversExactlyOnce.
class covers_exactly_once_matcher : public detail::matcher_base<transfer_list> {
 public:
  covers_exactly_once_matcher(layout const* from, layout const& to) : to_(to) {
    if (from != nullptr) from_ = *from;
  }
  bool match(transfer_list const& transfers) const override {
    plan_finding const finding =
        from_ ? find_fault(*from_, to_, transfers) : find_fault(to_, transfers);
    failure_.clear();
    if (finding == plan_finding{}) return true;
    failure_ =
        "\n" + detail::sentence_of(finding) + detail::filling_picture(finding, to_, transfers);
    if (from_ && from_->shape() == to_.shape())
      failure_ += "what should move:\n" + reshard::testing::describe(*from_, to_);
    return false;
  }
  std::string describe() const override {
    return "covers " + to_text(to_) + " exactly once" + failure_;
  }

 private:
  std::optional<layout> from_;
  layout to_;
  mutable std::string failure_;  // of the last match: Catch2 asks for the description afterwards
};

/// At most so many elements cross between devices; made by MovesNoMoreThan.
class moves_no_more_than_matcher : public detail::matcher_base<transfer_list> {
 public:
  explicit moves_no_more_than_matcher(index_t bound) : bound_(bound) {}
  bool match(transfer_list const& transfers) const override {
    moved_ = moved_elements(transfers);
    return moves_no_more_than(bound_, transfers);
  }
  std::string describe() const override {
    return "moves no more than " + std::to_string(bound_) + " elements between devices; it moves " +
           std::to_string(moved_);
  }

 private:
  index_t bound_;
  mutable index_t moved_ = 0;
};

/// Every device holds the same elements; made by SameElements.
class same_elements_matcher : public detail::matcher_base<layout> {
 public:
  explicit same_elements_matcher(layout const& expected) : expected_(expected) {}
  bool match(layout const& l) const override {
    got_ = reshard::testing::describe(l);
    return same_elements(l, expected_);
  }
  std::string describe() const override {
    return "has the elements of " + reshard::testing::describe(expected_) + "but is " + got_;
  }

 private:
  layout expected_;
  mutable std::string got_;
};

/// Transfers fill every element that each device of `to` stores, and each once.
inline covers_exactly_once_matcher CoversExactlyOnce(layout const& to) {
  return {nullptr, to};
}
/// As above, and with the right elements out of `from`.
inline covers_exactly_once_matcher CoversExactlyOnce(layout const& from, layout const& to) {
  return {&from, to};
}
/// At most `bound` elements cross from one device to another.
inline moves_no_more_than_matcher MovesNoMoreThan(index_t bound) {
  return moves_no_more_than_matcher{bound};
}
/// Every device holds what it holds under `expected`.
inline same_elements_matcher SameElements(layout const& expected) {
  return same_elements_matcher{expected};
}

}  // namespace testing
}  // namespace v1
}  // namespace reshard
