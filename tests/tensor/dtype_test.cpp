#include "support/both.hpp"

#include <reshard/tensor/dtype.hpp>

#include <array>

using namespace reshard;

namespace {

struct known_type {
  std::string_view name;
  std::size_t bits;
};

// from the reference's table, low rank to high
constexpr known_type safetensors_types[] = {
    {"BOOL", 8},        {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},
    {"I8", 8},          {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8},
    {"F8_E5M2FNUZ", 8}, {"I16", 16},    {"U16", 16},    {"F16", 16},    {"BF16", 16},
    {"I32", 32},        {"U32", 32},    {"F32", 32},    {"C64", 64},    {"F64", 64},
    {"I64", 64},        {"U64", 64}};

constexpr bool types_stand_in_the_order_in_which_safetensors_sorts() {
  std::size_t rank = 0;
  for (known_type const& known : safetensors_types) {
    EXPECT(dtype_of_safetensors(known.name) == static_cast<dtype>(rank));
    EXPECT(facts_of(static_cast<dtype>(rank)).safetensors == known.name);
    EXPECT(bits_of(static_cast<dtype>(rank)) == known.bits);
    ++rank;
  }
  for (; rank < std::size(dtype_table); ++rank)
    EXPECT(facts_of(static_cast<dtype>(rank)).safetensors.empty());
  return true;
}
TEST_BOTH("[dtype]", types_stand_in_the_order_in_which_safetensors_sorts)

constexpr bool names_lead_back_to_their_type() {
  for (dtype_facts const& row : dtype_table) {
    EXPECT(!row.mindspore.empty() || !row.safetensors.empty());
    EXPECT(!name_of(row.type).empty());
    if (!row.mindspore.empty()) EXPECT(dtype_of_mindspore(row.mindspore) == row.type);
    if (!row.safetensors.empty()) EXPECT(dtype_of_safetensors(row.safetensors) == row.type);
  }
  return true;
}
TEST_BOTH("[dtype]", names_lead_back_to_their_type)

constexpr bool unknown_names_have_no_type() {
  for (std::string_view const name : {"", "F128", "f32", "I4", "C128", "str", "Float32 "})
    EXPECT(!dtype_of_safetensors(name));
  for (std::string_view const name : {"", "F32", "float32", "Quaternion"})
    EXPECT(!dtype_of_mindspore(name));
  EXPECT(name_of(dtype::float4) == "F4");
  EXPECT(name_of(dtype::float32) == "Float32");
  return true;
}
TEST_BOTH("[dtype]", unknown_names_have_no_type)

constexpr bool the_least_group_of_elements_fills_bytes() {
  for (dtype_facts const& row : dtype_table) {
    element_group const group = group_of(row.type);
    EXPECT(group.elements * row.bits == group.bytes * 8);
    for (std::size_t fewer = 1; fewer < group.elements; ++fewer) EXPECT(fewer * row.bits % 8 != 0);
    if (row.bits % 8 == 0) EXPECT(item_bytes(row.type) == row.bits / 8);
  }
  EXPECT(group_of(dtype::float4) == element_group{2, 1});
  EXPECT(group_of(dtype::float6_e2m3) == element_group{4, 3});
  EXPECT(group_of(dtype::complex128) == element_group{1, 16});
  return true;
}
TEST_BOTH("[dtype]", the_least_group_of_elements_fills_bytes)

constexpr bool bytes_of_whole_groups() {
  for (dtype_facts const& row : dtype_table) {
    auto const elements = static_cast<index_t>(group_of(row.type).elements);
    for (index_t n = 0; n < 5; ++n)
      EXPECT(bytes_of(row.type, n * elements) ==
             static_cast<std::uint64_t>(n) * group_of(row.type).bytes);
  }
  EXPECT(bytes_of(dtype::uint8, max_index / 8) == static_cast<std::uint64_t>(max_index / 8));
  return true;
}
TEST_BOTH("[dtype]", bytes_of_whole_groups)

errc code_of(auto&& call) {
  try {
    (void)call();
  } catch (codec_error const& e) {
    return e.code();
  }
  return errc::none;
}
}  // namespace

TEST_CASE("elements that end inside a byte are an error by name", "[dtype]") {
  for (index_t const n : {1, 3, 5})
    CHECK(code_of([&] { return bytes_of(dtype::float4, n); }) == errc::elements_do_not_fill_bytes);
  for (index_t const n : {1, 2, 3, 5, 6})
    CHECK(code_of([&] { return bytes_of(dtype::float6_e3m2, n); }) ==
          errc::elements_do_not_fill_bytes);
  for (dtype const type : {dtype::float4, dtype::float6_e2m3, dtype::float6_e3m2})
    CHECK(code_of([&] { return item_bytes(type); }) == errc::elements_do_not_fill_bytes);
  CHECK_THROWS_WITH(bytes_of(dtype::float4, 3), "3 elements of F4, 4 bits each, end inside a byte");
}

TEST_CASE("a count of bits above 2^63 is an error", "[dtype]") {
  CHECK(code_of([] { return bytes_of(dtype::uint8, max_index / 8 + 1); }) ==
        errc::element_count_overflows);
  CHECK(code_of([] { return bytes_of(dtype::float4, -2); }) == errc::element_count_overflows);
}
