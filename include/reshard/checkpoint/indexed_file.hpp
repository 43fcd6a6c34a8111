#pragma once

#include <reshard/checkpoint/catalog.hpp>

#include <span>

namespace reshard {
inline namespace v1 {
namespace detail {

/// The shape of a stored tensor as catalogs count it: see catalog_tensor.
///   throws: codec_error elements_do_not_fill_bytes  for rows that end inside a byte
inline extents shape_of(indexed_tensor const& tensor) {
  extents out{tensor.shape.begin(), tensor.shape.end()};
  auto const group = static_cast<index_t>(group_of(tensor.type).elements);
  if (group == 1) return out;
  index_t& last = out.sizes_[out.rank() - 1];  // a scalar of such a type fills no bytes
  if (last % group != 0)
    elements_do_not_fill_bytes({{}, tensor.name, -1}, name_of(tensor.type),
                               static_cast<std::uint64_t>(last), bits_of(tensor.type));
  last /= group;
  return out;
}
/// The other way: the shape that a file states for what a catalog counts.
inline std::vector<index_t> stated_shape(dtype type, extents const& counted) {
  std::vector<index_t> out{counted.begin(), counted.end()};
  if (!out.empty()) out.back() *= static_cast<index_t>(group_of(type).elements);
  return out;
}

/// A tensor with strides is read run by run; each takes a range of the index.
inline constexpr index_t most_runs = index_t{1} << 16;

[[noreturn]] inline void tensor_has_too_many_runs(std::string const& path, indexed_tensor const& t,
                                                  index_t runs) {
  throw codec_error{errc::value_is_not_supported,
                    __func__,
                    {path, t.name, -1},
                    "is stored with strides of its own, in " + std::to_string(runs) +
                        " runs of elements, and at most " + std::to_string(most_runs) +
                        " are read; save tensor.contiguous()"};
}

/// Gives a tensor with strides the ranges of its runs in row-major order.
inline void order_by_rows(std::string const& path, indexed_tensor& t) {
  std::size_t outer = t.shape.size();  // dims behind it are one run
  index_t run = 1;
  while (outer > 0 && (t.shape[outer - 1] == 1 || t.strides[outer - 1] == run))
    run *= t.shape[--outer];
  index_t runs = 1;
  for (std::size_t d = 0; d < outer; ++d)
    if ((runs *= t.shape[d]) > most_runs) tensor_has_too_many_runs(path, t, runs);
  std::uint64_t const item = t.stored_item_bytes;
  std::uint64_t const begin = t.ranges.front().offset;
  std::vector<byte_range> ranges;
  std::vector<index_t> at(outer, 0);
  for (index_t r = 0; r < runs; ++r) {
    index_t element = t.first_element;
    for (std::size_t d = 0; d < outer; ++d) element += at[d] * t.strides[d];
    ranges.push_back({begin + static_cast<std::uint64_t>(element) * item,
                      static_cast<std::uint64_t>(run) * item});
    for (std::size_t d = outer; d-- > 0 && ++at[d] == t.shape[d];) at[d] = 0;
  }
  t.ranges = std::move(ranges);
  t.strides.clear();
  t.first_element = 0;
}

/// The index that a format reads, with all tensors in row-major order.
///   throws: codec_error value_is_not_supported  for strides that leave too many runs
inline file_index index_by(file_format const& format, random_access_file const& file) {
  file_index out = format.index(file);
  for (indexed_tensor& t : out.tensors)
    if (!t.strides.empty()) order_by_rows(file.path(), t);
  return out;
}

/// The index of a file, shared with an earlier file of equal head.
inline catalog_file indexed(std::string const& path, std::span<file_format const> formats,
                            std::vector<std::shared_ptr<named_index const>>& known) {
  random_access_file const file{path};
  for (file_format const& format : formats) {
    if (!format.recognises(file)) continue;
    file_index index = index_by(format, file);
    for (auto const& earlier : known)
      if (earlier->index() == index) return {path, earlier};
    known.push_back(std::make_shared<named_index const>(std::move(index)));
    return {path, known.back()};
  }
  for (file_format const& format :
       formats)  // let the format that the name promises say what is wrong
    if (path.ends_with(format.extension))
      return {path, std::make_shared<named_index const>(index_by(format, file))};
  throw codec_error{errc::file_kind_is_unknown,
                    "file_kind_is_unknown",
                    {path, {}, 0},
                    "no known checkpoint format"};
}
}  // namespace detail

}  // namespace v1
}  // namespace reshard
