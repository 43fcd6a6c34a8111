#pragma once

#include <reshard/exec/gathered_box.hpp>
#include <reshard/exec/tensor_source.hpp>

namespace reshard {
inline namespace v1 {

/// Calls sink(side, device, met_part, view_term const*) for the parts of stored tensors that a box
/// of a tensor is made of; the part is in the stored tensor's dims, the term is null if the tensor
/// is stored as it is.
///   throws: plan_error piece_has_no_present_holder
template <class Sink>
void for_each_source_part(tensor_source const& from, box const& what, Sink const& sink) {
  if (from.terms.empty())
    return for_each_source(from.stored.front(), box_target{what},
                           [&](file_side const& side, index_t device, met_part const& met) {
                             sink(side, device, met, static_cast<view_term const*>(nullptr));
                           });
  for (view_term const& term : from.terms)
    for_each_factored_box(term.view.to(), what, [&](box const& part) {
      gathered_box const alone{term.view.from(), term.view.from_part(part), from.item_bytes, 0};
      for_each_source(from.stored[term.stored], alone,
                      [&](file_side const& side, index_t device, met_part const& met) {
                        sink(side, device, met, &term);
                      });
    });
}

}  // namespace v1
}  // namespace reshard
