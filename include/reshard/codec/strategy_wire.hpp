#pragma once

#include <reshard/codec/strategy_stages.hpp>
#include <reshard/codec/wire.hpp>

#include <array>
#include <limits>

namespace reshard {
inline namespace v1 {
namespace detail {

[[noreturn]] inline void strategy_field_is_missing(std::string const& path,
                                                   std::string const& parameter,
                                                   std::string_view field) {
  strategy_is_malformed(path, parameter, "no field '" + std::string{field} + "'");
}
[[noreturn]] inline void strategy_number_is_out_of_range(std::string const& path,
                                                         std::string const& parameter,
                                                         std::int64_t number) {
  strategy_is_malformed(path, parameter, "number " + std::to_string(number) + " is out of range");
}

/// A number of type uint32 or int32.
template <class Number>
std::int64_t require_range(std::string const& path, std::string const& parameter,
                           std::int64_t number) {
  if (number < std::numeric_limits<Number>::min() || number > std::numeric_limits<Number>::max())
    strategy_number_is_out_of_range(path, parameter, number);
  return number;
}

inline constexpr std::size_t most_numbers = std::size_t{1} << 20;

/// Reads the parts of a strategy in protobuf. `parameter` is what errors name.
///   source: mindspore/ccsrc/utils/node_strategy.proto
class strategy_reader {
 public:
  explicit strategy_reader(random_access_file const& file) : window_(file), size_(file.size()) {}

  /// Message ParallelStrategyMap: current_stage 1, parallel_strategy_item 2,
  /// parallel_layout_item 3.
  strategy read() {
    strategy out;
    bool counted = false;
    wire_message root{window_, {0, size_}};
    while (auto const field = root.next()) {
      parameter_.clear();
      if (field->number == 1) {
        out.current_stage = number<std::uint32_t>(*field);
        counted = true;
      }
      if (field->number == 2) out.operators.push_back(operator_in(*field));
      if (field->number == 3) out.parameters.push_back(parameter_in(*field));
    }
    if (!counted) strategy_field_is_missing(path(), {}, "current_stage");
    return out;
  }

 private:
  [[nodiscard]] std::string const& path() const { return window_.file().path(); }

  template <class Number> index_t number(wire_field const& field) {
    std::uint64_t const value = require_type(window_, field, wire_type::varint).value;
    return require_range<Number>(path(), parameter_, static_cast<std::int64_t>(value));
  }

  /// The numbers of a message that has one list, field 1: DevMatrix, TensorMap and their kin.
  template <class Number> std::vector<index_t> list(wire_field const& field) {
    std::vector<std::uint64_t> numbers;
    wire_message message = message_of(window_, field);
    while (auto const entry = message.next())
      if (entry->number == 1) append_numbers(window_, *entry, most_numbers, numbers);
    std::vector<index_t> out;
    for (std::uint64_t const n : numbers)
      out.push_back(require_range<Number>(path(), parameter_, static_cast<std::int64_t>(n)));
    return out;
  }

  /// A list that must come once.
  template <class Number>
  void read_once(wire_field const& field, bool& seen, std::vector<index_t>& out) {
    if (seen) field_occurs_twice(path(), field);
    seen = true;
    out = list<Number>(field);
  }

  /// The text and the message of an item: fields 1 and 2.
  struct item {
    std::string name;
    wire_field body;
  };
  item item_in(wire_field const& field, std::string_view name, std::string_view body) {
    item out;
    wire_message message = message_of(window_, field);
    while (auto const part = message.next()) {
      if (part->number == 1) parameter_ = out.name = identifier_of(window_, *part);
      if (part->number != 2) continue;
      if (out.body.number != 0) field_occurs_twice(path(), *part);
      out.body = *part;
    }
    if (out.name.empty()) strategy_field_is_missing(path(), {}, name);
    if (out.body.number == 0) strategy_field_is_missing(path(), out.name, body);
    return out;
  }

  operator_strategy operator_in(wire_field const& field) {
    item const whole = item_in(field, "node_name", "parallel_strategys");
    operator_strategy out{whole.name, -1, {}};
    wire_message body = message_of(window_, whole.body);
    while (auto const part = body.next()) {
      if (part->number == 1) out.stage = number<std::uint32_t>(*part);
      if (part->number == 2) out.inputs.push_back(list<std::uint32_t>(*part));
    }
    if (out.stage < 0) strategy_field_is_missing(path(), out.node_name, "stage");
    return out;
  }

  using seen_fields = std::array<bool, 8>;

  parameter_layout parameter_in(wire_field const& field) {
    item const whole = item_in(field, "param_name", "parallel_layouts");
    parameter_layout out;
    out.name = whole.name;
    std::vector<std::vector<index_t>> maps;
    seen_fields seen{};
    wire_message body = message_of(window_, whole.body);
    while (auto const part = body.next()) {
      if (part->number == 2) maps.push_back(list<std::int32_t>(*part));
      if (part->number < seen.size()) read_part(*part, seen[part->number], out);
    }
    require_numbers(seen);
    set_map(std::move(maps), out);
    return out;
  }

  /// A field of message ParallelLayouts, but for its maps.
  void read_part(wire_field const& part, bool& seen, parameter_layout& out) {
    switch (part.number) {
      case 1:
        read_once<std::uint32_t>(part, seen, out.device_matrix);
        break;
      case 3:
        read_once<std::int64_t>(part, seen, out.param_split_shape);
        break;
      case 4:
        read_once<std::int64_t>(part, seen, out.indices_offset);
        break;
      case 5:
        out.field = number<std::int32_t>(part);
        break;
      case 6:
        out.opt_weight_shard_step = number<std::int32_t>(part);
        break;
      case 7:
        out.opt_weight_shard_size = number<std::int32_t>(part);
        break;
      default:
        break;
    }
    seen = true;
  }

  void require_numbers(seen_fields const& seen) const {
    constexpr std::string_view names[] = {"field", "opt_weight_shard_step",
                                          "opt_weight_shard_size"};
    for (std::size_t i = 0; i < 3; ++i)
      if (!seen[i + 5]) strategy_field_is_missing(path(), parameter_, names[i]);
  }

  /// One TensorMap is plain: a number per dim. Several are one per dim, empty ones do not count.
  void set_map(std::vector<std::vector<index_t>> maps, parameter_layout& out) const {
    out.nested_map = maps.size() > 1;
    if (maps.size() == 1) {
      for (index_t const entry : maps.front())
        out.tensor_map.push_back(axes_of(path(), parameter_, entry));
      return;
    }
    for (std::vector<index_t>& axes : maps) {
      if (axes.empty()) continue;
      if (axes == std::vector<index_t>{-1}) axes.clear();
      for (index_t const axis : axes)
        if (axis < 0) strategy_is_malformed(path(), parameter_, "-1 among several axes of a dim");
      out.tensor_map.push_back(std::move(axes));
    }
  }

  file_window window_;
  std::uint64_t size_;
  std::string parameter_;
};

/// A message of one list, field 1, unpacked. Negative numbers take 10 bytes in each integer type.
inline std::string list_message(std::vector<index_t> const& numbers) {
  return wire_bytes([&](auto& out) {
    for (index_t const n : numbers)
      google::protobuf::internal::WireFormatLite::WriteInt64(1, n, &out);
  });
}

/// Writes fields of messages as protobuf does.
class strategy_writer {
 public:
  explicit strategy_writer(google::protobuf::io::CodedOutputStream& out) : out_(&out) {}

  void text(int field, std::string const& bytes) { lite::WriteString(field, bytes, out_); }
  void number(int field, index_t n) { lite::WriteInt64(field, n, out_); }

 private:
  using lite = google::protobuf::internal::WireFormatLite;
  google::protobuf::io::CodedOutputStream* out_;
};

inline std::string operator_message(operator_strategy const& op) {
  std::string const body = wire_bytes([&](auto& out) {
    strategy_writer writer{out};
    writer.number(1, require_range<std::uint32_t>({}, op.node_name, op.stage));
    for (auto const& input : op.inputs) writer.text(2, list_message(input));
  });
  return wire_bytes([&](auto& out) {
    strategy_writer{out}.text(1, op.node_name);
    strategy_writer{out}.text(2, body);
  });
}

/// The TensorMap messages of a layout. A nested map has at least two: an empty one is appended.
inline std::vector<std::string> map_messages(parameter_layout const& p) {
  std::optional<std::vector<index_t>> const plain = plain_map(p);
  if (!p.nested_map && plain) return {list_message(*plain)};
  std::vector<std::string> messages;
  for (std::vector<index_t> const& axes : p.tensor_map)
    messages.push_back(list_message(axes.empty() ? std::vector<index_t>{-1} : axes));
  while (messages.size() < 2) messages.emplace_back();
  return messages;
}

/// Every number has its type's range.
inline void require_writable(parameter_layout const& p) {
  if (!p.sections.empty())
    strategy_is_malformed({}, p.name, "protobuf has no field for sections; write JSON");
  for (index_t const n : p.device_matrix) require_range<std::uint32_t>({}, p.name, n);
  for (auto const& axes : p.tensor_map)
    for (index_t const n : axes) require_range<std::int32_t>({}, p.name, n);
  for (index_t const n : {p.field, p.opt_weight_shard_step, p.opt_weight_shard_size})
    require_range<std::int32_t>({}, p.name, n);
}

inline std::string parameter_message(std::string const& name, parameter_layout const& p) {
  require_writable(p);
  std::string const body = wire_bytes([&](auto& out) {
    strategy_writer writer{out};
    writer.text(1, list_message(p.device_matrix));
    for (std::string const& map : map_messages(p)) writer.text(2, map);
    writer.text(3, list_message(p.param_split_shape));
    writer.text(4, list_message(p.indices_offset));
    writer.number(5, p.field);
    writer.number(6, p.opt_weight_shard_step);
    writer.number(7, p.opt_weight_shard_size);
  });
  return wire_bytes([&](auto& out) {
    strategy_writer{out}.text(1, name);
    strategy_writer{out}.text(2, body);
  });
}
}  // namespace detail

/// The bytes of a strategy file in protobuf, as MindSpore writes them.
///   throws: codec_error strategy_is_malformed
[[nodiscard]] inline std::string strategy_bytes(strategy const& s) {
  return detail::wire_bytes([&](auto& out) {
    detail::strategy_writer writer{out};
    writer.number(1, detail::require_range<std::uint32_t>({}, {}, s.current_stage));
    for (operator_strategy const& op : s.operators) writer.text(2, detail::operator_message(op));
    for (parameter_layout const& p : s.parameters)
      writer.text(3, detail::parameter_message(detail::name_in_file(s, p), p));
  });
}

}  // namespace v1
}  // namespace reshard
