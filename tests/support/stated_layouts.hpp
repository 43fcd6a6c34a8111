#pragma once

#include <reshard/algebra.hpp>
#include <reshard/algebra/torch_placements.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <vector>

// All layouts that the layout calculator's protocol can state: map lists with one rule per dim, an
// optimizer shard, torch placements. Lists of stated sizes are sampled where there are many.
namespace stated {

using reshard::index_t;
using list = std::vector<index_t>;
using sink = std::function<void(reshard::layout const&)>;

/// Ordered factorizations of `n` into `count` factors, of at least `least` each.
inline void for_each_factorization(index_t n, std::size_t count, index_t least,
                                   std::function<void(list const&)> const& take, list head = {}) {
  if (count == 0) {
    if (n == 1) take(head);
    return;
  }
  for (index_t f = least; f <= n; ++f) {
    if (n % f != 0) continue;
    head.push_back(f);
    for_each_factorization(n / f, count - 1, least, take, head);
    head.pop_back();
  }
}

/// Shapes of `n` elements with up to `ranks` dims.
inline std::vector<list> shapes(index_t n, std::size_t ranks) {
  std::vector<list> all;
  for (std::size_t rank = 1; rank <= ranks; ++rank)
    for_each_factorization(n, rank, 1, [&](list const& shape) { all.push_back(shape); });
  return all;
}

/// Lists of `count` multiples of `unit` that add up to `sum`; without zeros if not `least` 0.
inline void for_each_sum(index_t sum, index_t count, index_t unit, index_t least,
                         std::vector<reshard::size_list>& out,
                         reshard::size_list const& head = {}) {
  if (count == 0) {
    if (sum == 0) out.push_back(head);
    return;
  }
  for (index_t size = least; size <= sum; size += unit) {
    reshard::size_list longer = head;
    longer.push_back(size);
    for_each_sum(sum - size, count - 1, unit, least, out, longer);
  }
}

class layouts {
 public:
  /// most_lists: of stated sizes, per extent and number of parts
  layouts(unsigned seed, std::size_t most_lists) : random_(seed), most_lists_(most_lists) {}

  /// Calls take(layout const&) for every layout of a shape on so many devices.
  void for_each(list const& shape, index_t devices, sink const& take) {
    shape_ = reshard::extents{shape.begin(), shape.end()};
    take_ = &take;
    for (std::size_t axes = 0; axes <= 3; ++axes)
      for_each_factorization(devices, axes, 2, [&](list const& sizes) {
        devices_ = reshard::device_matrix{sizes.begin(), sizes.end()};
        std::vector<reshard::device_axis> free;
        for (std::size_t a = 0; a < axes; ++a) free.push_back(static_cast<reshard::device_axis>(a));
        maps({}, free);
        placements({});
      });
  }

 private:
  using kind = reshard::torch_placement::kind;

  void sample(std::vector<reshard::size_list>& lists) {
    std::shuffle(lists.begin(), lists.end(), random_);
    if (lists.size() > most_lists_) lists.resize(most_lists_);
  }
  /// The rules of the protocol for an extent and a number of parts.
  std::vector<reshard::cut_rule> const& rules(index_t extent, index_t parts) {
    auto& out = rules_[{extent, parts}];
    if (!out.empty()) return out;
    using reshard::tail_rule;
    out = {tail_rule::exact, tail_rule::ceil, tail_rule::balanced};
    for (index_t block = 1; block <= extent; ++block)
      out.push_back(reshard::cut_rule::cyclic(block));
    std::vector<reshard::size_list> lists;
    for_each_sum(extent, parts, 1, 0, lists);
    sample(lists);
    for (auto const& sizes : lists) out.push_back(reshard::cut_rule::parts(sizes));
    lists.clear();
    for (index_t sections = 1; sections <= std::min<index_t>(extent / parts, 5); ++sections)
      for_each_sum(extent, sections, parts, parts, lists);
    sample(lists);
    for (auto const& sizes : lists) out.push_back(reshard::cut_rule::sections(sizes));
    return out;
  }

  void maps(reshard::tensor_map const& map, std::vector<reshard::device_axis> const& free) {
    if (map.size() == shape_.rank()) return with_shards(map);
    cut_next_dim(map, {}, free);
  }
  void cut_next_dim(reshard::tensor_map const& map, reshard::axis_list const& axes,
                    std::vector<reshard::device_axis> const& free) {
    index_t const parts = combinations(devices_, axes);
    auto const count = axes.empty() ? 1 : rules(shape_[map.size()], parts).size();
    for (std::size_t i = 0; i < count; ++i) {
      reshard::tensor_map longer = map;
      longer.append(devices_, axes,
                    axes.empty() ? reshard::cut_rule{} : rules(shape_[map.size()], parts)[i]);
      maps(longer, free);
    }
    for (std::size_t i = 0; i < free.size(); ++i) {
      reshard::axis_list more = axes;
      more.push_back(free[i]);
      auto fewer = free;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
      cut_next_dim(map, more, fewer);
    }
  }
  void placements(reshard::torch_placements const& head) {
    if (head.size() == devices_.axes()) return with_tails(head);
    auto const next = [&](reshard::torch_placement const& placement) {
      reshard::torch_placements longer = head;
      longer.push_back(placement);
      placements(longer);
    };
    next(reshard::torch_placement::replicate());
    for (std::size_t d = 0; d < shape_.rank(); ++d) {
      auto const dim = static_cast<reshard::tensor_dim>(d);
      next(reshard::torch_placement::shard(dim));
      for (index_t chunks = 2; chunks <= std::min<index_t>(shape_[d], 8); ++chunks)
        next(reshard::torch_placement::strided_shard(dim, chunks));
    }
  }
  void with_tails(reshard::torch_placements const& placements) {
    bool strided = false;  // without these, map lists say the same
    for (auto const& placement : placements)
      strided = strided || placement.kind_ == kind::strided_shard;
    using reshard::tail_rule;
    for (auto const tail : {tail_rule::ceil, tail_rule::exact, tail_rule::balanced})
      if (strided)
        with_shards(torch_map(devices_, placements, shape_.rank(),
                              [&](std::size_t) { return reshard::cut_rule{tail}; }));
  }

  bool take(reshard::tensor_map const& map) {
    try {
      (*take_)(reshard::layout{devices_, map, shape_});
    } catch (reshard::layout_error const&) {
      return false;  // the extents do not divide
    }
    return true;
  }
  /// Without and with each optimizer shard.
  void with_shards(reshard::tensor_map const& map) {
    if (!take(map)) return;
    reshard::layout const before{devices_, map, shape_};
    index_t const replicas = combinations(devices_, replica_axes(before));
    for (index_t pieces = 2; pieces <= replicas; ++pieces)
      for (std::size_t d = 0; d < shape_.rank() && replicas % pieces == 0; ++d) {
        std::set<index_t> sizes;
        for (index_t k = 0; k < devices_.devices(); ++k) sizes.insert(before.local_shape(k)[d]);
        for (reshard::cut_rule const& rule : rules(*sizes.rbegin(), pieces))
          if (rule.sizes_.empty() || sizes.size() == 1)
            take(with_optimizer_shard(devices_, map, pieces, static_cast<reshard::tensor_dim>(d),
                                      rule));
      }
  }

  std::mt19937 random_;
  std::size_t most_lists_;
  std::map<std::pair<index_t, index_t>, std::vector<reshard::cut_rule>> rules_;
  reshard::device_matrix devices_;
  reshard::extents shape_;
  sink const* take_ = nullptr;
};

/// Per device the numbers of its elements, row-major.
using element_numbers = std::vector<list>;
inline element_numbers numbers_of(reshard::layout const& l) {
  element_numbers out;
  for (index_t device = 0; device < l.devices().devices(); ++device) {
    list& held = out.emplace_back(static_cast<std::size_t>(l.local_shape(device).elements()));
    reshard::piece const whole{reshard::box{l.shape()}};
    l.for_each_piece(device, [&](reshard::piece const& p, reshard::grid_index const&) {
      reshard::grid_index at = p.where().offset();
      for (std::size_t d = 0; d < at.size() + 1;) {
        held[static_cast<std::size_t>(p.address(at))] = whole.address(at);
        for (d = at.size(); d > 0 && ++at[d - 1] == p.where()[d - 1].end(); --d)
          at[d - 1] = p.where()[d - 1].offset;
        if (d == 0) break;
      }
    });
  }
  return out;
}

}  // namespace stated
