#pragma once

#include <reshard/exec/file_mover.hpp>

#include <catch2/catch.hpp>

#include "support/folder.hpp"

#include <filesystem>
#include <fstream>

/// Moves between files that tests make, and what must come out, computed element by element.
namespace mover_case {

using namespace reshard;

using synthetic::folder;

template <class T> void write_values(std::string const& path, std::vector<T> const& values) {
  std::ofstream{path, std::ios::binary}.write(
      reinterpret_cast<char const*>(values.data()),
      static_cast<std::streamsize>(values.size() * sizeof(T)));
}
template <class T> std::vector<T> read_values(std::string const& path) {
  std::vector<T> values(std::filesystem::file_size(path) / sizeof(T));
  std::ifstream{path, std::ios::binary}.read(
      reinterpret_cast<char*>(values.data()),
      static_cast<std::streamsize>(values.size() * sizeof(T)));
  return values;
}

/// Row-major number of an element.
inline index_t number_of(extents const& shape, grid_index const& at) {
  index_t n = 0;
  for (std::size_t d = 0; d < shape.rank(); ++d) n = n * shape[d] + at[d];
  return n;
}

/// Calls sink(element) for all elements of a box.
template <class Sink> void for_each_element(box const& where, Sink const& sink) {
  if (where.elements() == 0) return;
  grid_index at = where.offset();
  while (true) {
    sink(at);
    std::size_t d = at.size();
    for (; d > 0; --d) {
      if (++at[d - 1] < where[d - 1].end()) break;
      at[d - 1] = where[d - 1].offset;
    }
    if (d == 0) return;
  }
}

/// What the file of a device holds: value(element) of every element that it has.
template <class T, class Value>
std::vector<T> file_of(layout const& l, index_t device, Value const& value) {
  std::vector<T> out(static_cast<std::size_t>(l.local_shape(device).elements()));
  l.for_each_piece(device, [&](piece const& held, grid_index const&) {
    for_each_element(held.where(), [&](grid_index const& at) {
      out[static_cast<std::size_t>(held.address(at))] = value(at);
    });
  });
  return out;
}

/// Files with a gap before the content, and its ranges: in two chunks, the second 6 bytes apart.
struct sharded {
  layout where;
  std::size_t first_file = 0;
  std::vector<std::vector<byte_range>> ranges;  // per device

  template <class T> static std::vector<byte_range> chunks(std::size_t elements) {
    std::uint64_t const bytes = elements * sizeof(T);
    std::uint64_t const cut = bytes / 3;  // inside an element, often
    return {{10, cut}, {16 + cut, bytes - cut}};
  }

  [[nodiscard]] file_side side(std::size_t item_bytes) const {
    return {where, [this, item_bytes](index_t d) -> std::optional<file_shard> {
              return file_shard{first_file + static_cast<std::size_t>(d),
                                ranges[static_cast<std::size_t>(d)],
                                static_cast<std::uint32_t>(item_bytes), 0};
            }};
  }
};

template <class T> void write_chunks(std::string const& path, std::vector<T> const& values) {
  auto const* const bytes = reinterpret_cast<char const*>(values.data());
  std::vector<byte_range> const ranges = sharded::chunks<T>(values.size());
  std::ofstream out{path, std::ios::binary};
  for (byte_range const& range : ranges) {
    out.seekp(static_cast<std::streamoff>(range.offset));
    out.write(bytes + (&range == &ranges.front() ? 0 : ranges.front().bytes),
              static_cast<std::streamsize>(range.bytes));
  }
}
template <class T> std::vector<T> read_chunks(std::string const& path, std::size_t elements) {
  std::vector<T> values(elements);
  auto* at = reinterpret_cast<char*>(values.data());
  std::ifstream in{path, std::ios::binary};
  for (byte_range const& range : sharded::chunks<T>(elements)) {
    in.seekg(static_cast<std::streamoff>(range.offset));
    in.read(at, static_cast<std::streamsize>(range.bytes));
    at += range.bytes;
  }
  REQUIRE(in.good());
  return values;
}

/// Element k of stored tensor t.
template <class T> T stored_value(std::size_t t, index_t k) {
  return static_cast<T>(1000003 * static_cast<index_t>(t) + k);
}

/// Files of some stored tensors, files to be written, and the moves between them.
template <class T> class job {
 public:
  explicit job(std::string dir) : dir_(std::move(dir)) {}

  /// Writes the files of a tensor of which element k has the value stored_value(number, k).
  std::size_t store(layout const& where) {
    std::size_t const number = stored_.size();
    sharded files{where, files_.sources.size(), {}};
    for (index_t d = 0; d < where.devices().devices(); ++d) {
      std::vector<T> const values = file_of<T>(where, d, [&](grid_index const& at) {
        return stored_value<T>(number, number_of(where.shape(), at));
      });
      files_.sources.push_back(dir_ + "/s" + std::to_string(files_.sources.size()));
      write_chunks(files_.sources.back(), values);
      files.ranges.push_back(sharded::chunks<T>(values.size()));
    }
    stored_.push_back(std::make_unique<sharded>(std::move(files)));
    return number;
  }
  [[nodiscard]] tensor_source source(extents const& shape, std::vector<std::size_t> const& stored,
                                     std::vector<view_term> terms) const {
    tensor_source out{shape, sizeof(T), {}, std::move(terms)};
    for (std::size_t const s : stored) out.stored.push_back({{stored_[s]->side(sizeof(T))}});
    return out;
  }

  /// A destination of items of type Out, not yet written.
  template <class Out> file_side target(layout const& where) {
    sharded files{where, files_.destinations.size(), {}};
    for (index_t d = 0; d < where.devices().devices(); ++d) {
      std::vector<Out> const nothing(static_cast<std::size_t>(where.local_shape(d).elements()),
                                     static_cast<Out>(-1));
      files_.destinations.push_back(dir_ + "/d" + std::to_string(files_.destinations.size()));
      write_chunks(files_.destinations.back(), nothing);
      files.ranges.push_back(sharded::chunks<Out>(nothing.size()));
    }
    targets_.push_back(std::make_unique<sharded>(std::move(files)));
    return targets_.back()->side(sizeof(Out));
  }

  mover_report run(file_move const& move, unit_limits const& limits, std::size_t workers) const {
    mover_options options;
    options.workers = workers;
    options.limits = limits;
    options.memory = plan_units(move, limits).memory;
    return file_mover{files_, options}.run(1, [&](std::size_t) { return move; });
  }

  /// Checks every file of a target against value(element).
  template <class Out, class Value> void check(std::size_t target, Value const& value) const {
    sharded const& files = *targets_[target];
    for (index_t d = 0; d < files.where.devices().devices(); ++d) {
      std::vector<Out> const expected = file_of<Out>(files.where, d, value);
      std::string const& path = files_.destinations[files.first_file + static_cast<std::size_t>(d)];
      CHECK(read_chunks<Out>(path, expected.size()) == expected);
    }
  }

  /// The element that terms put at a place, looked up one by one.
  static T viewed(std::vector<view_term> const& terms, std::vector<extents> const& shapes,
                  grid_index const& at) {
    for (view_term const& term : terms) {
      viewed_element const e = source_of(term.view, at);
      if (e.found) return stored_value<T>(term.stored, number_of(shapes[term.stored], e.at));
    }
    return static_cast<T>(-1);
  }

  [[nodiscard]] mover_files const& files() const noexcept { return files_; }

 private:
  std::string dir_;
  mover_files files_;
  std::vector<std::unique_ptr<sharded>> stored_;
  std::vector<std::unique_ptr<sharded>> targets_;
};

/// A tensor whole on one device.
inline layout whole(extents const& shape) {
  tensor_map map;
  device_matrix const one{1};
  for (std::size_t d = 0; d < shape.rank(); ++d) map.append(one, {});
  return {one, map, shape};
}
/// A tensor cut along one dim over n devices.
inline layout cut_along(std::size_t dim, index_t n, extents const& shape,
                        cut_rule const& rule = tail_rule::balanced) {
  device_matrix const devices{n};
  tensor_map map;
  for (std::size_t d = 0; d < shape.rank(); ++d)
    d == dim ? map.append(devices, {device_axis{0}}, rule) : map.append(devices, {});
  return {devices, map, shape};
}

}  // namespace mover_case
