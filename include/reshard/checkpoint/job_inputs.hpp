#pragma once

#include <reshard/checkpoint/planned_moves.hpp>
#include <reshard/exec/fingerprint.hpp>

#include <sys/stat.h>

#include <filesystem>

namespace reshard {
inline namespace v1 {

/// Changes with the order of tasks or the bytes that they write, so that a job of an older version
/// starts over.
inline constexpr std::uint64_t job_version = 2;

/// What tells whether a file is the one of before.
struct file_state {
  std::uint64_t size = 0;
  std::int64_t changed_ns = 0;  ///< when its content last changed
  friend bool operator==(file_state const&, file_state const&) = default;
};
/// Of a file that is there; zeros for one that is not.
[[nodiscard]] inline file_state state_of(std::string const& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return {};
  return {static_cast<std::uint64_t>(facts.st_size),
          std::int64_t{facts.st_mtim.tv_sec} * 1'000'000'000 + facts.st_mtim.tv_nsec};
}

namespace detail {
inline void add_box(fingerprint& print, box const& b) {
  print.add_number(b.rank());
  for (std::size_t d = 0; d < b.rank(); ++d) {
    print.add_number(b.offset()[d]);
    print.add_number(b.extent()[d]);
  }
}
inline void add_grid_box(fingerprint& print, grid_box const& b) {
  add_box(print, b.region());
  for (std::size_t d = 0; d < b.over().dims(); ++d) print.add_number(b.over().sub_dims(d));
  for (std::size_t s = 0; s < b.over().size(); ++s) print.add_number(b.over()[s]);
  add_box(print, b.part());
}
inline void add_layout(fingerprint& print, layout const& l) {
  print.add(to_string(l));
}

inline void add_tensor(fingerprint& print, catalog_tensor const& t) {
  print.add(t.name);
  print.add_number(t.type);
  print.add(shape_text(t.shape));
  for (placement const& p : t.placements) {
    print.add_number(p.first_rank);
    add_layout(print, *p.where);
  }
}
inline void add_source(fingerprint& print, planned_source const& source) {
  for (stored_reference const& stored : source.stored) add_tensor(print, stored.tensor);
  for (view_term const& term : source.terms) {
    print.add_number(term.stored);
    add_grid_box(print, term.view.to());
    add_grid_box(print, term.view.from());
    for (std::uint8_t const sub_dim : term.view.along()) print.add_number(sub_dim);
  }
}
inline void add_index(fingerprint& print, file_index const& index) {
  for (indexed_tensor const& t : index.tensors) {
    print.add(t.name);
    print.add_number(t.type);
    for (index_t const extent : t.shape) print.add_number(extent);
    for (byte_range const& range : t.ranges) {
      print.add_number(range.offset);
      print.add_number(range.bytes);
    }
  }
}
inline void add_image(fingerprint& print, file_image const& image) {
  print.add_number(image.size);
  for (image_literal const& literal : image.literals) {
    print.add_number(literal.offset);
    print.add(literal.bytes);
  }
}
}  // namespace detail

/// The name of a job: the same for the same files to be written.
[[nodiscard]] inline std::uint64_t job_name(conversion_plan const& plan) {
  fingerprint print;
  for (planned_file const& file : plan.files)
    print.add(std::filesystem::absolute(file.path).lexically_normal().string());
  return print.value();
}

/// What the bytes of a job depend on: the sources (size, time of change, header), what is made of
/// them, the files' images, the version.
///   units: fingerprint of how tensors are cut into units
[[nodiscard]] inline std::uint64_t job_inputs(conversion_plan const& plan,
                                              planned_moves const& moves,
                                              std::span<file_state const> sources,
                                              std::uint64_t units) {
  fingerprint print;
  print.add_number(job_version);
  print.add_number(units);
  for (std::size_t i = 0; i < sources.size(); ++i) {
    print.add(moves.sources()[i]);
    print.add_number(sources[i].size);
    print.add_number(sources[i].changed_ns);
  }
  std::map<void const*, std::uint64_t> known;  // many ranks share an index, many files an image
  auto const add_once = [&](auto const* what, auto const& add) {
    auto const [at, fresh] = known.emplace(what, 0);
    if (fresh) {
      fingerprint own;
      add(own);
      at->second = own.value();
    }
    print.add_number(at->second);
  };
  for (catalog const* in : moves.catalogs())
    for (auto const& of_rank : in->files) {
      named_index const* const index = of_rank.second.index.get();
      add_once(index, [&](fingerprint& own) { detail::add_index(own, index->index()); });
    }
  for (auto const& image : moves.images())
    add_once(image.get(), [&](fingerprint& own) { detail::add_image(own, *image); });
  for (planned_file const& file : plan.files)
    for (planned_entry const& e : file.entries) {
      print.add_number(e.tensor);
      print.add_number(e.placement);
      print.add_number(e.device);
    }
  for (planned_tensor const& tensor : plan.tensors) {
    detail::add_source(print, tensor.from);
    detail::add_tensor(print, tensor.to);
    for (planned_stage const& stage : tensor.stages) {
      print.add(stage.identity);
      for (planned_source const& operand : stage.operands) detail::add_source(print, operand);
    }
  }
  return print.value();
}

}  // namespace v1
}  // namespace reshard
