#pragma once

#include <reshard/algebra/text.hpp>

#include <nlohmann/json.hpp>

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <vector>

namespace tools {

/// Keeps the order of the fields: the names of parameters come in network order.
using json = nlohmann::ordered_json;

/// A line that the calculator does not understand.
struct unknown_request : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void require_object(json const& value, std::string const& what) {
  if (!value.is_object()) throw unknown_request{what + " is not an object"};
}

/// The object has no fields but these.
inline void require_fields(json const& object, std::initializer_list<char const*> known) {
  for (auto const& [name, value] : object.items()) {
    bool found = false;
    for (char const* field : known) found = found || name == field;
    if (!found) throw unknown_request{"unknown field '" + name + "'"};
  }
}

inline json const& field_of(json const& object, char const* name) {
  auto const found = object.find(name);
  if (found == object.end()) throw unknown_request{std::string{"field '"} + name + "' is missing"};
  return *found;
}

inline reshard::index_t integer(json const& value) {
  bool const fits = value.is_number_integer() &&
                    (!value.is_number_unsigned() ||
                     value.get<std::uint64_t>() <= static_cast<std::uint64_t>(reshard::max_index));
  if (!fits) throw unknown_request{"an integer of 64 bits is expected"};
  return value.get<reshard::index_t>();
}

inline json const& list(json const& value) {
  if (!value.is_array()) throw unknown_request{"a list is expected"};
  return value;
}

inline std::vector<reshard::index_t> integers(json const& value) {
  std::vector<reshard::index_t> all;
  for (json const& entry : list(value)) all.push_back(integer(entry));
  return all;
}

/// A list of the library as JSON.
template <class List> json json_list(List const& values) {
  json all = json::array();
  for (auto const& value : values) all.push_back(value);
  return all;
}

}  // namespace tools
