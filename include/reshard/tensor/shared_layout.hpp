#pragma once

#include <reshard/algebra/layout.hpp>

#include <cstddef>
#include <memory>
#include <unordered_map>
#include <utility>

namespace reshard {
inline namespace v1 {

/// A layout that many tensors share: compared and used like the layout, as cheap to copy as a
/// pointer.
class shared_layout {
 public:
  shared_layout(layout const& l) : layout_(std::make_shared<layout const>(l)) {}

  [[nodiscard]] layout const& operator*() const noexcept { return *layout_; }
  [[nodiscard]] layout const* operator->() const noexcept { return layout_.get(); }

  friend bool operator==(shared_layout const& a, shared_layout const& b) noexcept {
    return a.layout_ == b.layout_ || *a.layout_ == *b.layout_;
  }

 private:
  std::shared_ptr<layout const> layout_;
};

/// Makes equal layouts one: a checkpoint has many tensors and few layouts.
class layout_pool {
 public:
  [[nodiscard]] shared_layout share(layout const& l) {
    auto const [first, last] = known_.equal_range(hash(l));
    for (auto at = first; at != last; ++at)
      if (*at->second == l) return at->second;
    return known_.emplace(hash(l), l)->second;
  }

  [[nodiscard]] std::size_t size() const noexcept { return known_.size(); }

 private:
  static std::size_t hash(layout const& l) noexcept {
    std::size_t h = l.devices().axes();
    auto const add = [&h](index_t n) { h = h * 1000003 + static_cast<std::size_t>(n); };
    for (index_t const extent : l.shape()) add(extent);
    add(l.devices().devices());
    for (cut const& c : l.map().cuts()) {
      add(c.parts());
      add(c.by().divide());
      for (device_axis const axis : c.by().axes()) add(static_cast<index_t>(axis));
    }
    return h;
  }

  std::unordered_multimap<std::size_t, shared_layout> known_;
};

}  // namespace v1
}  // namespace reshard
