// Draws a layout, or the plan between two, as text and as SVG: who holds what, which bytes move.

#include "support/layout_json.hpp"
#include "support/svg_picture.hpp"
#include "support/tool.hpp"

#include <reshard/plan/cost.hpp>
#include <reshard/plan/picture.hpp>
#include <reshard/tensor/dtype.hpp>

#include <fstream>
#include <set>

using namespace reshard;

namespace {

/// A stated layout, and the names of its devices by position.
struct stated {
  tools::named_layout layout;
  std::string title;

  explicit stated(std::string const& words)
      : layout(tools::make_layout(tools::json::parse(words))) {
    print(title, layout.value);
  }
  [[nodiscard]] auto names() const {
    return [this](index_t device) { return layout.order.id(device); };
  }
};

/// Which device of `from` a device of `to` is.
auto same_device(stated const& from, stated const& to) {
  return [&](index_t device) {
    return from.layout.order.position(to.layout.order.id(device), from.layout.devices());
  };
}

tools::panel holders(stated const& over, band_table const& bands) {
  tools::panel out{over.title, bands, {}};
  for_each_cell(bands, [&](box const& cell) {
    auto& devices = out.cells.emplace_back();
    if (is_rest(bands, cell)) return;
    replica_group const owners = over.layout.value.owners_of(cell.offset());
    for (index_t k = 0; k < owners.size(); ++k)
      devices.push_back({over.names()(owners[k]), over.names()(owners[k])});
  });
  return out;
}

tools::panel moves(stated const& from, stated const& to, band_table const& bands) {
  tools::panel out = holders(to, bands);
  std::size_t at = 0;
  for_each_cell(bands, [&](box const& cell) {
    part_index const part = from.layout.value.part_of(cell.offset());
    replica_group const owners = to.layout.value.owners_of(cell.offset());
    for (index_t k = 0; k < owners.size() && !is_rest(bands, cell); ++k) {
      index_t const self = same_device(from, to)(owners[k]);
      out.cells[at][static_cast<std::size_t>(k)].source =
          from.names()(serving_holder(from.layout.value, part, self, all_present{}));
    }
    ++at;
  });
  return out;
}

std::string moved_bytes(stated const& from, stated const& to, dtype type) {
  plan_cost sum;
  for (index_t d = 0; d < to.layout.devices(); ++d)
    sum += cost(from.layout.value, to.layout.value, {d, same_device(from, to)(d)});
  auto const bytes = [&](index_t elements) {
    return static_cast<std::uint64_t>(elements) * item_bytes(type);
  };
  return fmt::format("moved: {} bytes; the least that any plan moves: {}", bytes(sum.received),
                     bytes(sum.lower_bound));
}

void write(std::string const& path, std::string const& image) {
  std::ofstream out{path};
  if (!(out << image).flush()) throw std::runtime_error{path + " cannot be written"};
}

/// The pictures of both ends and of what moves between them, as text.
std::string plan_text(stated const& from, stated const& to, std::string const& sum) {
  std::string words = "from " + from.title + "\n";
  print_picture(words, from.layout.value, from.names());
  words += "to " + to.title + "\n";
  print_picture(words, to.layout.value, to.names());
  words += "plan: a>b device b gets the elements from a, =b it has them\n";
  print_picture(words, from.layout.value, to.layout.value, from.names(), to.names(),
                same_device(from, to));
  return words + sum + "\n";
}

int draw(std::vector<std::string> const& layouts, std::string const& svg, std::string const& type) {
  auto const known = dtype_of_mindspore(type);
  if (!known) throw tools::unknown_request{"no element type is named " + type};
  stated const from{layouts.front()};
  stated const to{layouts.back()};
  std::string words = from.title + "\n";
  tools::svg_writer image;
  if (layouts.size() == 1) {
    print_picture(words, from.layout.value, from.names());
    image.add(holders(from, bands_of(from.layout.value)));
  } else {
    std::string const sum = moved_bytes(from, to, *known);
    words = plan_text(from, to, sum);
    band_table const bands = bands_of(from.layout.value, to.layout.value);
    image.add(holders(from, bands));
    image.add(moves(from, to, bands));
    image.add_line("hatched a&gt;b, in the colour of a: device b gets the elements from device a");
    image.add_line(sum);
  }
  std::set<index_t> devices;
  for (stated const* l : {&from, &to})
    for (index_t d = 0; d < l->layout.devices(); ++d) devices.insert(l->names()(d));
  image.add_legend(devices);
  fmt::print("{}", words);
  if (!svg.empty()) write(svg, image.image());
  return tools::exit_ok;
}

}  // namespace

int main(int argc, char** argv) {
  tools::tool app{"Draws who holds what under a layout, or what moves between two."};
  app.footer(R"(example: layout_picture '{"devices": [2, 2], "map": [1, 0], "shape": [4, 8]}' \
                        '{"devices": [4], "map": [0, -1], "shape": [4, 8]}' --svg plan.svg)");
  std::vector<std::string> layouts;
  std::string svg;
  std::string type = "Float32";
  app.add_option("layouts", layouts, "one layout, or from and to, as JSON")
      ->required()
      ->expected(1, 2);
  app.add_option("--svg", svg, "also write the picture to this file");
  app.add_option("--dtype", type, "MindSpore's name of the element type")->capture_default_str();
  return app.run(argc, argv, [&] { return draw(layouts, svg, type); });
}
