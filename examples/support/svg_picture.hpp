#pragma once

#include <reshard/plan/bands.hpp>
#include <reshard/plan/transfers.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

namespace tools {

using reshard::index_t;

/// A device within a cell of a drawing.
///   source: who it gets the elements from; itself if it has them
struct shown_device {
  index_t device;
  index_t source;
};

/// One tensor, drawn plane by plane: a rectangle per cell, in it a stripe per device.
struct panel {
  std::string title;
  reshard::band_table bands;
  std::vector<std::vector<shown_device>>
      cells;  ///< in the order of for_each_cell; none = many cells
};

/// A colour of its own for each device: hues a golden angle apart.
inline std::string colour_of(index_t device) {
  auto const hue = static_cast<int>((device * 13751 / 100) % 360);
  auto const light = 78 - static_cast<int>(device / 12 % 3) * 10;
  return fmt::format("hsl({}, 65%, {}%)", hue, light);
}

/// Writes panels below one another as one SVG image, with a legend of the devices.
class svg_writer {
 public:
  void add(panel const& p) {
    y_ += 26;
    put(R"(<text x="{}" y="{}" class="title">{}</text>)", margin, y_, p.title);
    bottom_ = y_;
    std::size_t const rank = p.bands.size();
    grid_ = {rank > 1 ? p.bands[rank - 2].bands.size() : 1,
             rank > 0 ? p.bands[rank - 1].bands.size() : 1};
    double const plane_width = label_width + static_cast<double>(grid_[1]) * cell_width(p) + 16;
    std::size_t const per_plane = grid_[0] * grid_[1];
    std::size_t at = 0;
    reshard::for_each_cell(p.bands, [&](reshard::box const& cell) {
      std::size_t const plane = at / per_plane;
      double const left = margin + static_cast<double>(plane) * plane_width;
      if (at % per_plane == 0) head(p, cell, left);
      draw(p, cell, left, at % per_plane, p.cells[at]);
      ++at;
    });
    y_ = bottom_;
  }
  void add_legend(std::set<index_t> const& devices) {
    y_ += 14;
    double x = margin;
    for (index_t const d : devices) {
      if (x > 760) x = margin, y_ += 24;
      put(R"(<rect class="key" x="{}" y="{}" width="16" height="16" fill="{}"/>)", x, y_,
          colour_of(d));
      put(R"(<text x="{}" y="{}">device {}</text>)", x + 22, y_ + 13, d);
      x += 96;
      right_ = std::max(right_, x);
    }
    y_ += 20;
  }
  void add_line(std::string const& words) {
    y_ += 20;
    put(R"(<text x="{}" y="{}">{}</text>)", margin, y_, words);
    right_ = std::max(right_, 480.0);
  }
  [[nodiscard]] std::string image() const {
    std::string const size = fmt::format(R"(width="{0}" height="{1}" viewBox="0 0 {0} {1}")",
                                         right_ + margin, y_ + margin);
    return R"(<svg xmlns="http://www.w3.org/2000/svg" )" + size + head_ + body_ + "</svg>\n";
  }

 private:
  static constexpr double margin = 16;
  static constexpr double label_width = 56;
  static constexpr double stripe = 36;
  static constexpr double cell_height = 34;

  static constexpr char const* head_ = R"svg(>
<style>text { font: 12px sans-serif; } .title { font-weight: bold; } rect { stroke: #444; }</style>
<defs><pattern id="moved" width="6" height="6" patternUnits="userSpaceOnUse"
  patternTransform="rotate(45)"><path d="M 0 0 V 6" stroke="#444" stroke-opacity="0.5"/></pattern></defs>
)svg";

  template <class... Parts> void put(char const* words, Parts const&... parts) {
    body_ += fmt::format(fmt::runtime(words), parts...) + "\n";
  }
  static std::string range(reshard::interval along) {
    return along.size > 1 ? fmt::format("{}..{}", along.offset, along.end() - 1)
                          : fmt::format("{}", along.offset);
  }
  static std::size_t shown(std::vector<shown_device> const& devices) {
    return std::clamp<std::size_t>(devices.size(), 1, 8);
  }
  static double cell_width(panel const& p) {
    std::size_t most = 1;
    for (auto const& devices : p.cells) most = std::max(most, shown(devices));
    return std::max(static_cast<double>(most) * stripe, 76.0);
  }
  void rectangle(char const* kind, double x, double y, double width, std::string const& fill) {
    put(R"(<rect class="{}" x="{}" y="{}" width="{}" height="{}" fill="{}"/>)", kind, x, y, width,
        cell_height, fill);
  }
  /// Where the plane lies, and the ranges of its columns.
  void head(panel const& p, reshard::box const& cell, double left) {
    std::string where;
    for (std::size_t d = 0; d + 2 < cell.rank(); ++d)
      where += fmt::format("dim {}: {}  ", d, range(cell[d]));
    if (!where.empty()) put(R"(<text x="{}" y="{}">{}</text>)", left, y_ + 18, where);
    double const y = y_ + (where.empty() ? 18 : 36);
    for (std::size_t c = 0; c < grid_[1] && !p.bands.empty(); ++c)
      put(R"(<text x="{}" y="{}">{}</text>)",
          left + label_width + static_cast<double>(c) * cell_width(p) + 4, y,
          range(p.bands[p.bands.size() - 1].bands[c]));
    top_ = y + 6;
  }
  void draw(panel const& p, reshard::box const& cell, double left, std::size_t number,
            std::vector<shown_device> const& devices) {
    std::size_t const rank = cell.rank();
    auto const row = static_cast<double>(number / grid_[1]);
    auto const column = static_cast<double>(number % grid_[1]);
    double const y = top_ + row * cell_height;
    double const x = left + label_width + column * cell_width(p);
    if (number % grid_[1] == 0 && rank > 1)
      put(R"(<text x="{}" y="{}">{}</text>)", left, y + 21, range(cell[rank - 2]));
    rectangle("cell", x, y, cell_width(p), "white");
    double const width = cell_width(p) / static_cast<double>(shown(devices));
    if (devices.empty()) put(R"(<text x="{}" y="{}">...</text>)", x + 4, y + 21);
    for (std::size_t i = 0; i < devices.size() && i < 8; ++i)
      draw(devices[i], x + static_cast<double>(i) * width, y, width, i == 7 && devices.size() > 8);
    bottom_ = std::max(bottom_, y + cell_height);
    right_ = std::max(right_, x + cell_width(p));
  }
  /// One device of a cell; the last one shown may stand for many.
  void draw(shown_device const& d, double x, double y, double width, bool many) {
    bool const moved = d.source != d.device;
    rectangle("held", x, y, width, colour_of(d.source));
    if (moved) rectangle("moved", x, y, width, "url(#moved)");
    std::string const name =
        moved ? fmt::format("{}&gt;{}", d.source, d.device) : fmt::format("{}", d.device);
    put(R"(<text x="{}" y="{}">{}</text>)", x + 4, y + 21, many ? "..." : name);
  }

  std::string body_;
  double y_ = 0;
  double top_ = 0;
  double bottom_ = 0;
  double right_ = 0;
  std::array<std::size_t, 2> grid_{};
};

}  // namespace tools
