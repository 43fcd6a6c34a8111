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

inline std::vector<double> numbers_of(dtype type, byte_buffer const& bytes) {
  std::vector<double> out(bytes.size() / item_bytes(type));
  read_numbers(type, bytes.data(), out.size(), out.data());
  return out;
}

inline constexpr std::size_t effect_tiles = 4;
inline constexpr index_t effect_elements = 2048;  // of a tile

/// The effect of a merge on a tensor of a plan that it is not yet added to.
inline lora_effect effect_of(planned_tensor const& tensor, lora_merge const& merge,
                             lora_arithmetic arithmetic, tensor_reader& reader) {
  planned_tensor const merged = with_lora(tensor, merge, arithmetic);
  lora_stage const exact{tensor.to.name,
                         {tensor.from.type, dtype::float64},
                         merge.stacked,
                         merge.updates,
                         {lora_precision::float64, lora_rounding::once}};
  planned_elements elements{merged, replica_rule::first};
  effect_sample sample{tensor.to.name};
  for (box const& tile : elements.sample(effect_tiles, effect_elements)) {
    byte_buffer base(bytes_of(tile, item_bytes(tensor.from.type)));
    elements.from().fill(tile, {base.data(), tile}, reader);
    held_operands const operands = elements.operands(0, tile, reader);
    auto const after = [&](any_stage const& stage) {
      return applied(stage, tensor.to.shape, tile, base, operands);
    };
    sample.add(numbers_of(tensor.from.type, base),
               numbers_of(tensor.to.type, after(merged.stages[0].stage)),
               numbers_of(dtype::float64, after(exact)));
  }
  return sample.result();
}
}  // namespace detail

/// The effects of merges on the tensors of a plan that they are not yet added to, in its order.
///   throws:  codec_error; checkpoint_error of the merges: merge_is_not_finite, norm_is_zero
///   workers: 0 = one per processor
///   cost:    reads and computes 4 tiles of about 2,048 elements per merge, of DoRA whole rows
[[nodiscard]] inline std::vector<lora_effect> effects_of(conversion_plan const& plan,
                                                         std::span<lora_merge const> merges,
                                                         lora_arithmetic arithmetic = {},
                                                         std::size_t workers = 0) {
  std::unordered_map<std::string_view, lora_merge const*> by_name;
  for (lora_merge const& m : merges) by_name.emplace(m.base, &m);
  std::vector<std::pair<planned_tensor const*, lora_merge const*>> jobs;
  for (planned_tensor const& tensor : plan.tensors)
    if (auto const at = by_name.find(tensor.to.name); at != by_name.end())
      jobs.emplace_back(&tensor, at->second);
  return in_parallel(jobs.size(), workers, [&](std::size_t i, tensor_reader& reader) {
    return detail::effect_of(*jobs[i].first, *jobs[i].second, arithmetic, reader);
  });
}

}  // namespace v1
}  // namespace reshard
