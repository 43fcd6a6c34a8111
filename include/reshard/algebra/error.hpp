#pragma once

#include <reshard/algebra/text.hpp>

#include <cstdint>
#include <initializer_list>
#include <new>  // has std::exception whole, for bad_alloc, at a seventh of the cost of <exception>

namespace reshard {
inline namespace v1 {

/// The stable numbers of the broken rules; README.md has a row for each.
enum class errc : std::uint16_t {
  none = 0,
  // layouts: 1..99
  too_many_entries = 1,
  extent_is_negative = 2,
  device_axis_size_is_not_positive = 3,
  device_count_overflows = 4,
  element_count_overflows = 5,
  device_axis_does_not_exist = 6,
  device_axis_is_used_twice = 7,
  map_length_differs_from_rank = 8,
  dim_does_not_divide_over_its_device_axes = 9,
  optimizer_shard_does_not_divide_the_replicas = 10,
  device_does_not_exist = 12,
  dim_does_not_exist = 13,
  grid_does_not_factor_the_extent = 14,
  digit_does_not_divide_its_axes = 15,
  element_is_outside_the_tensor = 16,
  local_shapes_do_not_join = 17,
  optimizer_shard_step_is_not_the_replica_stride = 18,
  block_is_not_positive = 19,
  stated_sizes_differ_in_number = 20,
  stated_sizes_do_not_fill_the_dim = 21,
  device_axis_name_is_unknown = 22,
  device_axis_name_is_not_unique = 23,
  pending_sum_has_no_layout = 24,
  placements_differ_from_device_axes = 25,
  device_order_is_no_permutation = 26,
  reshape_changes_the_element_count = 40,
  parts_are_no_boxes_of_the_new_shape = 41,
  cuts_follow_no_rule_in_the_new_shape = 42,
  dims_are_no_permutation = 43,
  layouts_do_not_join = 44,
  no_rule_deals_out_the_dim = 45,
  block_is_cut = 46,
  box_leaves_its_grid = 50,
  sub_dims_do_not_correspond = 51,
  // strided layouts: 60..79
  integer_overflows = 60,
  tuples_are_not_congruent = 61,
  extent_does_not_divide = 62,
  index_is_negative = 63,
  index_is_outside_the_layout = 64,
  no_layout_has_this_function = 65,
  layout_is_too_large_to_enumerate = 66,
  stride_is_negative = 67,
  stride_is_no_multiple_of_what_lies_below = 68,
  layout_is_not_injective = 69,
  tiler_has_too_many_modes = 70,
  mode_range_does_not_exist = 71,
  block_does_not_divide_the_target = 72,
  mode_does_not_divide_into_elements = 73,
  element_bits_are_not_positive = 74,
  unit_stride_is_not_unique = 75,
  // plans: 100..149
  global_shapes_differ = 100,
  piece_has_no_present_holder = 102,
  device_counts_do_not_divide = 103,
  element_counts_differ = 104,
  digit_is_no_refinement_of_its_axes = 105,
  device_counts_differ = 106,
  factors_do_not_fit_together = 107,
  pieces_overlap = 108,
  pieces_leave_elements_out = 109,
  // plans in memory: 150..199
  elements_do_not_fill_the_local_shape = 150,
  too_few_processes = 151,
  another_process_failed = 152,
  messages_do_not_match = 153,
  steps_lead_elsewhere = 154,
  block_is_no_matrix = 155,
  items_have_another_size = 156,
  // files: 200..299
  file_cannot_be_read = 200,
  file_is_truncated = 201,
  file_is_malformed = 202,
  file_is_encrypted = 203,
  file_kind_is_unknown = 204,
  value_is_not_supported = 205,
  checksum_differs = 206,
  strategy_is_malformed = 207,
  file_cannot_be_written = 208,
  elements_do_not_fill_bytes = 209,
  source_has_changed = 220,
  job_is_running = 221,
  file_reads_back_differently = 222,
  // checkpoints: 300..399
  checkpoint_is_incomplete = 300,
  names_do_not_match = 301,
  replicas_differ = 302,
  destination_exists = 303,
  arguments_disagree = 304,
  not_enough_space = 305,
  layouts_disagree = 306,
  cancelled = 307,
  memory_budget_is_too_small = 308,
  terms_do_not_cover_the_tensor = 309,
  stage_operand_exceeds_its_plan = 310,
  destination_is_a_source = 311,
  adapter_does_not_fit = 312,
  merge_is_not_finite = 313,
  norm_is_zero = 314,
  adapter_was_merged_before = 315,
  remap_rule_is_malformed = 320,
  finite_values_become_infinite = 321,
  sizes_are_unknown = 322,
};

/// A part of an error's text: words, or a number. Not a template, which every user would pay for.
struct message_part {
  char const* words_ = nullptr;
  index_t number_ = 0;

  message_part(char const* words) : words_(words) {}
  message_part(index_t number) : number_(number) {}
  message_part(std::size_t number) : number_(static_cast<index_t>(number)) {}
};

/// Base of everything the library throws. The text lives in a fixed buffer, so a copy never throws
/// and this header needs no <string>.
///   rule: the name of the function that reported the error, which states the broken rule
class error : public std::exception {
 public:
  error(errc code, char const* rule, std::initializer_list<message_part> parts = {})
      : code_(code), rule_(rule) {
    for (message_part const& part : parts)
      part.words_ != nullptr ? print(text_, part.words_) : print(text_, part.number_);
  }

  [[nodiscard]] errc code() const noexcept { return code_; }
  [[nodiscard]] char const* rule() const noexcept { return rule_; }
  [[nodiscard]] char const* what() const noexcept override { return text_.c_str(); }

 private:
  errc code_;
  char const* rule_;
  text<480> text_;
};

/// A layout, or an argument of a function on layouts, breaks a rule.
struct layout_error : error {
  using error::error;
};

/// Two layouts, each valid, that no plan can connect.
struct plan_error : error {
  using error::error;
};

}  // namespace v1
}  // namespace reshard
