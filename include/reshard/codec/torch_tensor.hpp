#pragma once

#include <reshard/codec/file_index.hpp>
#include <reshard/codec/torch_globals.hpp>
#include <reshard/codec/zip_directory.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

[[noreturn]] inline void torch_tensor_is_malformed(file_place const& place,
                                                   std::string const& reason) {
  throw codec_error{errc::file_is_malformed, __func__, place, reason};
}
[[noreturn]] inline void torch_tensor_is_not_stored_as_it_is(file_place const& place,
                                                             std::string_view bit) {
  throw codec_error{errc::value_is_not_supported, __func__, place,
                    "torch negates or conjugates the stored numbers on loading (" + in_quotes(bit) +
                        "); save tensor.resolve_conj().resolve_neg()"};
}
[[noreturn]] inline void tensor_exceeds_its_storage(file_place const& place, index_t elements) {
  torch_tensor_is_malformed(
      place, "its elements reach beyond a storage of " + std::to_string(elements) + " elements");
}
[[noreturn]] inline void storage_does_not_fill_its_entry(file_place const& place,
                                                         zip_entry const& entry, index_t elements,
                                                         std::size_t item) {
  torch_tensor_is_malformed(place, "a storage of " + std::to_string(elements) + " items of " +
                                       std::to_string(item) + " bytes, but zip entry " +
                                       in_quotes(entry.name) + " has " +
                                       std::to_string(entry.content.bytes) + " bytes");
}

/// How a tensor lies in its storage, in elements.
struct torch_view {
  std::vector<index_t> shape;
  std::vector<index_t> strides;
  index_t offset = 0;
};

/// Elements of a shape; nothing if they are no index_t.
inline std::optional<index_t> elements_of(std::vector<index_t> const& shape) {
  index_t elements = 1;
  for (index_t const size : shape)
    if (size == 0) return 0;
  for (index_t const size : shape) {
    if (elements > max_index / size) return std::nullopt;
    elements *= size;
  }
  return elements;
}

/// The view's elements are stored row-major without holes. A dim of size 1 may have any stride.
inline bool is_row_major(torch_view const& view) {
  index_t expected = 1;
  for (std::size_t d = view.shape.size(); d-- > 0;) {
    if (view.shape[d] == 1) continue;
    if (view.strides[d] != expected) return false;
    expected *= view.shape[d];
  }
  return true;
}

/// The last element of a view that has elements lies in a storage of so many.
inline bool lies_within(torch_view const& view, index_t elements) {
  index_t left = elements - 1;
  if (view.offset > left) return false;
  left -= view.offset;
  for (std::size_t d = 0; d < view.shape.size(); ++d) {
    index_t const steps = view.shape[d] - 1;
    if (steps == 0 || view.strides[d] == 0) continue;
    if (steps > left / view.strides[d]) return false;
    left -= steps * view.strides[d];
  }
  return true;
}

/// Makes an indexed_tensor of the call that rebuilds a tensor. Arguments were made before their
/// call, so whatever is nested here ends.
class torch_tensor_reader {
 public:
  torch_tensor_reader(pickle_source const& source, pickle_tree const& tree,
                      zip_directory const& zip, std::string const& folder, std::string const& name)
      : source_(&source), tree_(&tree), zip_(&zip), folder_(&folder), name_(&name) {}

  indexed_tensor tensor(pickle_id id) {
    at_ = id;
    rebuild call = rebuild_of(id);
    while (true) {
      at_ = call.arguments;
      switch (role_of(call.function)) {
        case torch_role::tensor:
          return typed(arguments(call, 4, 7), std::nullopt);
        case torch_role::tensor_of_type:
          return typed(arguments(call, 7, 8), dtype_of(arguments(call, 7, 8)[6]));
        case torch_role::parameter:
          call = rebuild_of(arguments(call, 3, 4)[0]);
          break;
        case torch_role::subclass:
          call = rebuild_of_subclass(arguments(call, 4, 4));
          break;
        default:
          malformed("a call of " + std::string{global_of(call.function).name} + " is no tensor");
      }
    }
  }

 private:
  /// A function and the tuple of its arguments.
  struct rebuild {
    pickle_id function;
    pickle_id arguments;
  };
  using ids = std::vector<pickle_id>;

  [[noreturn]] void malformed(std::string const& reason) const {
    torch_tensor_is_malformed(place(), reason);
  }
  file_place place() const {
    file_place out = source_->place((*tree_)[at_].byte);
    out.tensor = *name_;
    return out;
  }

  pickle_value const& value(pickle_id id, pickle_kind kind, char const* what) const {
    pickle_value const& found = (*tree_)[id];
    if (found.kind != kind)
      malformed(std::string{what} + " is " + std::string{name_of(found.kind)} + ", not " +
                std::string{name_of(kind)});
    return found;
  }
  torch_global const& global_of(pickle_id id) const {
    pickle_value const& global = value(id, pickle_kind::global, "a function or class");
    return torch_globals[static_cast<std::size_t>(global.number)];
  }
  torch_role role_of(pickle_id id) const { return global_of(id).role; }
  rebuild rebuild_of(pickle_id id) const {
    ids const& parts = value(id, pickle_kind::call, "the tensor").items;
    return {parts[0], parts[1]};
  }
  ids const& arguments(rebuild const& call, std::size_t least, std::size_t most) const {
    ids const& list = value(call.arguments, pickle_kind::tuple, "the arguments").items;
    if (list.size() < least || list.size() > most)
      malformed(std::string{global_of(call.function).name} + " has " + std::to_string(list.size()) +
                " arguments");
    return list;
  }

  /// (function, class, arguments, attributes): the attributes are Python's, not the tensor's.
  rebuild rebuild_of_subclass(ids const& list) const {
    if (role_of(list[1]) != torch_role::tensor_class)
      malformed(std::string{global_of(list[1]).name} + " is no class of tensors");
    return {list[0], list[2]};
  }

  dtype dtype_of(pickle_id id) const {
    torch_global const& global = global_of(id);
    if (global.role != torch_role::dtype) malformed(std::string{global.name} + " is no dtype");
    return global.type;
  }

  index_t count(pickle_id id, char const* what) const {
    index_t const number = value(id, pickle_kind::integer, what).number;
    if (number < 0) malformed(std::string{what} + " is " + std::to_string(number));
    return number;
  }

  /// A tuple of numbers, or torch.Size of one.
  std::vector<index_t> counts(pickle_id id, char const* what) const {
    constexpr std::size_t most_dims = 64;  // torch's own limit
    if ((*tree_)[id].kind == pickle_kind::call) {
      rebuild const size = rebuild_of(id);
      if (role_of(size.function) != torch_role::size) malformed(std::string{what} + " is a call");
      id = arguments(size, 1, 1)[0];
    }
    ids const& list = value(id, pickle_kind::tuple, what).items;
    if (list.size() > most_dims)
      malformed(std::string{what} + " has " + std::to_string(list.size()) + " numbers");
    std::vector<index_t> out;
    for (pickle_id const number : list) out.push_back(count(number, what));
    return out;
  }

  /// (storage, offset, shape, strides, requires_grad, hooks, [dtype,] [bits])
  indexed_tensor typed(ids const& list, std::optional<dtype> type) const {
    torch_view view{counts(list[2], "the shape"), counts(list[3], "the strides"),
                    count(list[1], "the storage offset")};
    if (view.shape.size() != view.strides.size())
      malformed(std::to_string(view.shape.size()) + " sizes, but " +
                std::to_string(view.strides.size()) + " strides");
    std::size_t const bits = type ? 7 : 6;
    if (list.size() > bits) require_stored_as_it_is(list[bits]);
    pickle_value const& id = value(list[0], pickle_kind::persistent, "the storage");
    return placed(std::move(view), value(id.items[0], pickle_kind::tuple, "the storage").items,
                  type);
  }

  /// The bits that change what the bytes mean: {"conj": True}, {"neg": True}.
  void require_stored_as_it_is(pickle_id id) const {
    if ((*tree_)[id].kind == pickle_kind::none) return;
    ids const& items = value(id, pickle_kind::dict, "the metadata").items;
    for (std::size_t i = 0; i < items.size(); i += 2) {
      pickle_value const& bit = value(items[i + 1], pickle_kind::boolean, "a bit of the metadata");
      if (bit.number != 0)
        torch_tensor_is_not_stored_as_it_is(place(),
                                            value(items[i], pickle_kind::text, "a key").text);
    }
  }

  /// storage: ("storage", class, key, device, items); the device is where the tensor once was
  indexed_tensor placed(torch_view view, ids const& storage, std::optional<dtype> type) const {
    if (storage.size() != 5 || value(storage[0], pickle_kind::text, "a storage").text != "storage")
      malformed("its storage is not ('storage', class, key, device, items)");
    torch_global const& stored = global_of(storage[1]);
    bool const untyped = stored.role == torch_role::bytes;
    if (!untyped && stored.role != torch_role::storage)
      malformed(std::string{stored.name} + " is no class of storages");
    if (untyped && !type) malformed("a storage without type");
    if (!untyped && type && *type != stored.type) malformed("a storage of another type");
    zip_entry const& entry = entry_of(value(storage[2], pickle_kind::text, "a key").text);
    index_t const items = count(storage[4], "the size of the storage");
    std::size_t const stored_item = untyped ? 1 : item_bytes(stored.type);
    auto const all = static_cast<std::uint64_t>(items);
    if (all > entry.content.bytes / stored_item || all * stored_item != entry.content.bytes)
      storage_does_not_fill_its_entry(place(), entry, items, stored_item);
    return addressed(std::move(view), entry.content, type.value_or(stored.type));
  }

  zip_entry const& entry_of(std::string_view key) const {
    std::string const name = *folder_ + "data/" + std::string{key};
    zip_entry const* const entry = zip_->find(name);
    if (entry == nullptr) malformed("there is no zip entry " + in_quotes(name));
    return *entry;
  }

  /// Row-major: the bytes of the elements alone. Else the storage and where its elements are.
  indexed_tensor addressed(torch_view view, byte_range storage, dtype type) const {
    std::uint64_t const item = item_bytes(type);
    std::optional<index_t> const elements = elements_of(view.shape);
    if (!elements || *elements > max_index / static_cast<index_t>(item))
      malformed("the bytes of its shape are no number below 2^63");
    indexed_tensor out;
    out.name = *name_;
    out.type = type;
    out.stored_item_bytes = static_cast<std::uint32_t>(item);
    auto const available = static_cast<index_t>(storage.bytes / item);
    if (*elements > 0 && !lies_within(view, available))
      tensor_exceeds_its_storage(place(), available);
    if (*elements > 0 && is_row_major(view)) {
      out.ranges = {{storage.offset + static_cast<std::uint64_t>(view.offset) * item,
                     static_cast<std::uint64_t>(*elements) * item}};
    } else if (*elements > 0) {
      out.ranges = {storage};
      out.strides = std::move(view.strides);
      out.first_element = view.offset;
    }
    out.shape = std::move(view.shape);
    return out;
  }

  pickle_source const* source_;
  pickle_tree const* tree_;
  zip_directory const* zip_;
  std::string const* folder_;
  std::string const* name_;
  pickle_id at_{};
};

}  // namespace detail
}  // namespace v1
}  // namespace reshard
