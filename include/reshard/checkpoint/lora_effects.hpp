#pragma once

#include <reshard/checkpoint/lora_merge.hpp>
#include <reshard/checkpoint/verify_plan.hpp>

namespace reshard {
inline namespace v1 {

/// What a merge does to a tensor, on a sample of its elements. The exact result is that of float64
/// without rounding; norms are 2-norms over the sample.
///   relative_error: |merged - exact| / |exact|
///   update_error:   |merged - exact| / |exact - base|: near 1, rounding swallows the update
struct lora_effect {
  std::string tensor;
  std::uint64_t sampled = 0;
  std::uint64_t changed = 0;
  double largest_change = 0;
  double relative_error = 0;
  double update_error = 0;
};

namespace detail {
/// Adds up the effect of one merge.
class effect_sample {
 public:
  explicit effect_sample(std::string tensor) { out_.tensor = std::move(tensor); }

  void add(std::span<double const> base, std::span<double const> merged,
           std::span<double const> exact) {
    out_.sampled += base.size();
    for (std::size_t i = 0; i < base.size(); ++i) {
      double const change = std::abs(merged[i] - base[i]);
      out_.changed += change > 0 ? 1 : 0;
      out_.largest_change = std::max(out_.largest_change, change);
      error_ += square(merged[i] - exact[i]);
      exact_ += square(exact[i]);
      update_ += square(exact[i] - base[i]);
    }
  }
  [[nodiscard]] lora_effect result() const {
    lora_effect out = out_;
    out.relative_error = ratio(error_, exact_);
    out.update_error = ratio(error_, update_);
    return out;
  }

 private:
  static double square(double x) noexcept { return x * x; }
  static double ratio(double error, double of) noexcept {
    return error == 0 ? 0 : std::sqrt(error / of);
  }

  lora_effect out_;
  double error_ = 0;
  double exact_ = 0;
  double update_ = 0;
};

/// Numbers of a box, computed from the sources.
///   type: of the elements that fill gives
template <class Fill>
std::vector<double> numbers_of(box const& what, dtype type, Fill const& fill) {
  auto const n = static_cast<std::size_t>(what.elements());
  std::vector<std::byte> bytes(n * item_bytes(type));
  fill(memory_box{bytes.data(), what});
  std::vector<double> out(n);
  read_numbers(type, bytes.data(), n, out.data());
  return out;
}
}  // namespace detail

/// The effect of a merge on a tensor of a plan that it is not yet added to.
///   throws: codec_error; checkpoint_error of the merge: merge_is_not_finite, norm_is_zero
///   cost:   reads and computes `tiles` tiles of about 4,096 elements, of DoRA whole rows
[[nodiscard]] inline lora_effect effect_of(planned_tensor const& tensor, lora_merge const& merge,
                                           lora_arithmetic arithmetic = {}, std::size_t tiles = 8) {
  planned_tensor const merged = with_lora(tensor, merge, arithmetic);
  planned_tensor exact = tensor;
  exact.to.type = dtype::float64;
  exact = with_lora(exact, merge, {lora_precision::float64, lora_rounding::once});
  detail::planned_elements ours{merged, replica_rule::first};
  detail::planned_elements theirs{exact, replica_rule::first};
  detail::effect_sample sample{tensor.to.name};
  tensor_reader reader;
  for (box const& tile : ours.sample(tiles)) {
    auto const by = [&](detail::planned_elements& elements) {
      return [&](memory_box const& to) { elements.fill(tile, to, reader); };
    };
    sample.add(
        detail::numbers_of(tile, tensor.from.type,
                           [&](memory_box const& to) { ours.from().fill(tile, to, reader); }),
        detail::numbers_of(tile, merged.to.type, by(ours)),
        detail::numbers_of(tile, dtype::float64, by(theirs)));
  }
  return sample.result();
}

/// The effects of merges on the tensors of a plan that they are not yet added to, in its order.
///   throws, cost: as effect_of, per merge
[[nodiscard]] inline std::vector<lora_effect> effects_of(conversion_plan const& plan,
                                                         std::span<lora_merge const> merges,
                                                         lora_arithmetic arithmetic = {}) {
  std::unordered_map<std::string_view, lora_merge const*> by_name;
  for (lora_merge const& m : merges) by_name.emplace(m.base, &m);
  std::vector<lora_effect> out;
  for (planned_tensor const& tensor : plan.tensors)
    if (auto const at = by_name.find(tensor.to.name); at != by_name.end())
      out.push_back(effect_of(tensor, *at->second, arithmetic));
  return out;
}

}  // namespace v1
}  // namespace reshard
