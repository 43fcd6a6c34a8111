#include "torch_files.hpp"

#include <reshard/codec/safetensors.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <random>

using namespace torch_files;

namespace {
std::string hex(std::string const& bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (char const c : bytes) {
    auto const byte = static_cast<unsigned char>(c);
    out += {digits[byte >> 4], digits[byte & 15]};
  }
  return out;
}

/// A name of safetensors, or C128, which safetensors has not.
dtype dtype_of(std::string const& name) {
  return dtype_of_safetensors(name).value_or(dtype::complex128);
}

index_t elements_of_shape(std::vector<index_t> const& shape) {
  index_t elements = 1;
  for (index_t const n : shape) elements *= n;
  return elements;
}

void check_error(std::string const& bytes, errc code, char const* words) {
  INFO(words);
  codec_error const e = error_in(bytes);
  CHECK(e.code() == code);
  CHECK(files::contains(e.what(), words));
  CHECK(files::contains(e.path(), "/proc/self/fd/"));
  CHECK(e.byte() >= 0);
}
std::string const floats = storage_of("FloatStorage", "0", 6);
}  // namespace

TEST_CASE("tensors are what torch says they are", "[torch]") {
  auto const expected = nlohmann::json::parse(files::content(files::data("torch/expected.json")));
  std::size_t strided = 0;
  for (auto const& [name, list] : expected.items()) {
    std::string const bytes = files::content(files::data("torch/" + name));
    file_index const index = torch_index(random_access_file{files::data("torch/" + name)});
    REQUIRE(index.tensors.size() == list.size());
    for (std::size_t i = 0; i < list.size(); ++i) {
      indexed_tensor const& t = index.tensors[i];
      INFO(name << ": " << t.name);
      CHECK(t.name == list[i]["name"]);
      CHECK(t.type == dtype_of(list[i]["dtype"]));
      CHECK(t.stored_item_bytes == item_bytes(t.type));
      CHECK(t.shape == list[i]["shape"].get<std::vector<index_t>>());
      CHECK(hex(gathered(bytes, t)) == list[i]["bytes"]);
      CHECK(t.strides.empty() == list[i]["contiguous"].get<bool>());
      if (!t.strides.empty()) {
        CHECK(t.strides == list[i]["stride"].get<std::vector<index_t>>());
        CHECK(t.first_element == list[i]["offset"]);
        ++strided;
      }
      if (elements_of_shape(t.shape) == 0) CHECK(t.ranges.empty());
    }
    check_sound(index, bytes.size());
  }
  CHECK(expected.size() == 11);
  CHECK(strided >= 40);
}

TEST_CASE("tied names share their bytes", "[torch]") {
  file_index const index = torch_index(random_access_file{files::data("torch/views.bin")});
  auto const find = [&](std::string_view name) {
    return std::find_if(index.tensors.begin(), index.tensors.end(),
                        [&](indexed_tensor const& t) { return t.name == name; });
  };
  CHECK(find("tied.weight")->ranges == find("lm_head.weight")->ranges);
  CHECK(find("tied.transposed")->ranges == find("tied.weight")->ranges);
  CHECK(find("columns")->ranges == find("base")->ranges);  // the storage
  CHECK(find("rows")->ranges[0] ==
        byte_range{find("base")->ranges[0].offset + 30 * 4, 60 * 4});  // its own bytes
  CHECK(find("columns")->first_element == 2);
}

TEST_CASE("a converted model is the same as its safetensors twin", "[torch]") {
  std::string const folder = "convert/llama-reversed-gqa-bf16/";
  std::string const torch_path = files::data(folder + "expected/pytorch_model.bin");
  std::string const twin_path = files::data(folder + "expected_safetensors/model.safetensors");
  file_index const index = torch_index(random_access_file{torch_path});
  file_index const twin = safetensors_index(random_access_file{twin_path});
  std::string const bytes = files::content(torch_path);
  std::string const twin_bytes = files::content(twin_path);
  REQUIRE(index.tensors.size() == twin.tensors.size());
  for (indexed_tensor const& t : twin.tensors) {
    INFO(t.name);
    auto const found =
        std::find_if(index.tensors.begin(), index.tensors.end(),
                     [&](indexed_tensor const& other) { return other.name == t.name; });
    REQUIRE(found != index.tensors.end());
    CHECK(found->type == t.type);
    CHECK(found->shape == t.shape);
    CHECK(gathered(bytes, *found) == gathered(twin_bytes, t));
  }
}

TEST_CASE("a thousand tensors keep their order", "[torch]") {
  std::string const bytes = files::content(files::data("torch/many.bin"));
  file_index const index = index_of(bytes);
  REQUIRE(index.tensors.size() == 1001);
  for (std::size_t i = 0; i < index.tensors.size(); ++i) {
    CHECK(index.tensors[i].name == "layers." + std::to_string(i) + ".weight");
    float value = 0;
    std::memcpy(&value, gathered(bytes, index.tensors[i]).data(), sizeof value);
    CHECK(value == static_cast<float>(i));
  }
}

TEST_CASE("what is no dict of plain tensors is refused by name", "[torch]") {
  auto const refused = [](std::string const& name, char const* words) {
    INFO(name);
    random_access_file const file{files::data("torch/err_" + name + ".bin")};
    CHECK(recognises_torch(file));
    codec_error const e = files::error_of([&] { (void)torch_index(file); });
    CHECK(e.code() == errc::value_is_not_supported);
    CHECK(e.path() == file.path());
    CHECK(e.byte() >= 0);
    CHECK(files::contains(e.what(), words));
  };
  refused("epoch", "tensor 'epoch'");
  refused("epoch", "an int is among the tensors");
  refused("list", "the file holds a list, not a dict of tensors");
  refused("tensor", "the file holds an object, not a dict of tensors");
  refused("number_key", "an int is the key of an item");
  refused("sparse", "'torch._utils._rebuild_sparse_tensor'");
  refused("quantized", "'torch._utils._rebuild_qtensor'");
  refused("conjugated", "negates or conjugates the stored numbers on loading ('conj')");
  refused("negated", "('neg')");
  refused("bits", "'torch.bits8'");
  refused("float4", "'torch.float4_e2m1fn_x2'");
  refused("meta", "'torch._utils._rebuild_meta_tensor_no_storage'");
  refused("module", "'__main__.Tiny'");
  refused("optimizer", "among the tensors");
  refused("legacy", "written by torch before 1.6");
  refused("script", "TorchScript");
}

TEST_CASE("every truncation of a torch file is an error", "[torch]") {
  for (char const* const name : {"torch/views.bin", "torch/old.bin"}) {
    std::string const whole = files::content(files::data(name));
    for (std::size_t n = 0; n < whole.size(); ++n) {
      codec_error const e = error_in(whole.substr(0, n));
      REQUIRE((e.code() == errc::file_is_truncated || e.code() == errc::file_is_malformed));
      REQUIRE(e.byte() >= 0);
    }
  }
}

TEST_CASE("damage of each byte is an error or changes no address out of the file", "[torch]") {
  std::string const whole = files::content(files::data("torch/state_dict.bin"));
  std::size_t errors = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (unsigned const flip : {0x01U, 0x80U, 0xffU}) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ flip);
      try {
        check_sound(index_of(bytes), bytes.size());
      } catch (codec_error const& e) {
        REQUIRE(e.byte() >= 0);
        ++errors;
      }
    }
  }
  CHECK(errors > whole.size());
}

TEST_CASE("damage of the pickle under a right checksum stays in the file too", "[torch]") {
  std::string const whole = files::content(files::data("torch/views.bin"));
  std::vector<zip_files::part> parts;
  {
    support::memory_file const memory;
    zip_directory const zip{random_access_file{memory.write(whole)}};
    for (zip_entry const& entry : zip.entries())
      parts.push_back({entry.name, whole.substr(entry.content.offset, entry.content.bytes)});
  }
  auto const pickled = std::find_if(parts.begin(), parts.end(), [](zip_files::part const& p) {
    return p.name == "views/data.pkl";
  });
  CHECK(index_of(zip_files::archive(parts)).tensors.size() == 16);
  std::string const bytes = pickled->content;
  std::mt19937_64 random{11};
  std::size_t read = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (int round = 0; round < 8; ++round) {
      pickled->content = bytes;
      pickled->content[at] = static_cast<char>(random());
      std::string const damaged = zip_files::archive(parts);
      try {
        check_sound(index_of(damaged), damaged.size());
        ++read;
      } catch (codec_error const& e) {
        REQUIRE(e.byte() >= 0);
      }
    }
  }
  CHECK(read > 100);
}

TEST_CASE("a checksum of the pickle is compared, those of storages are not", "[torch]") {
  auto const with = [](std::optional<std::uint32_t> pickle_crc,
                       std::optional<std::uint32_t> storage_crc) {
    return zip_files::archive(
        {{.name = "a/data.pkl",
          .content = pickle_of(tensor_of(floats, 0, {6}, {1})),
          .crc = pickle_crc},
         {.name = "a/data/0", .content = std::string(24, 'x'), .crc = storage_crc}});
  };
  CHECK(index_of(with({}, {})).tensors.size() == 1);
  CHECK(index_of(with({}, 7)).tensors.size() == 1);
  check_error(with(7, {}), errc::checksum_differs, "CRC-32 of 'a/data.pkl' is 7");
}

TEST_CASE("where a tensor lies in its storage", "[torch]") {
  file_index const index = index_of(file_of(tensor_of(floats, 2, {2, 2}, {2, 1})));
  indexed_tensor const& t = index.tensors[0];
  CHECK(t.name == "w");
  CHECK(t.type == dtype::float32);
  CHECK(t.shape == std::vector<index_t>{2, 2});
  CHECK(t.strides.empty());
  CHECK(t.ranges[0].bytes == 16);
  auto const strided = index_of(file_of(tensor_of(floats, 1, {2, 2}, {1, 2}))).tensors[0];
  CHECK(strided.ranges[0] == byte_range{t.ranges[0].offset - 8, 24});
  CHECK(strided.strides == std::vector<index_t>{1, 2});
  CHECK(strided.first_element == 1);
}

TEST_CASE("elements outside of their storage are an error", "[torch]") {
  constexpr std::int64_t most = INT64_MAX;
  auto const beyond = [](std::int64_t offset, std::vector<std::int64_t> const& shape,
                         std::vector<std::int64_t> const& strides) {
    check_error(file_of(tensor_of(floats, offset, shape, strides)), errc::file_is_malformed,
                "tensor 'w'");
    check_error(file_of(tensor_of(floats, offset, shape, strides)), errc::file_is_malformed,
                "reach beyond a storage of 6 elements");
  };
  beyond(1, {6}, {1});
  beyond(6, {1}, {1});
  beyond(most, {1}, {1});
  beyond(0, {2, 3}, {4, 1});
  beyond(0, {2}, {6});
  beyond(5, {2}, {most});
  beyond(0, {2, 2}, {most, most});
  beyond(1, {2, 2, 2}, {3, 2, 1});
  check_error(file_of(tensor_of(floats, 0, {most}, {most})), errc::file_is_malformed, "below 2^63");
  check_error(file_of(tensor_of(floats, 0, {most, most}, {0, 0})), errc::file_is_malformed, "2^63");
  CHECK(index_of(file_of(tensor_of(floats, 0, {most, 0, most}, {1, 1, 1})))
            .tensors[0]
            .ranges.empty());
  CHECK(index_of(file_of(tensor_of(floats, 5, {1 << 30, 1 << 20}, {0, 0})))
            .tensors[0]
            .strides.size() == 2);
}

TEST_CASE("what a tensor must be made of", "[torch]") {
  auto const says = [](std::string const& value, char const* words) {
    check_error(file_of(value), errc::file_is_malformed, words);
  };
  says(tensor_of(floats, -1, {1}, {1}), "the storage offset is -1");
  says(tensor_of(floats, 0, {-1}, {1}), "the shape is -1");
  says(tensor_of(floats, 0, {2}, {-1}), "the strides is -1");
  says(tensor_of(floats, 0, {2, 3}, {1}), "2 sizes, but 1 strides");
  says(tensor_of(floats, 0, std::vector<std::int64_t>(65, 1), std::vector<std::int64_t>(65, 1)),
       "the shape has 65 numbers");
  says(tensor_of("N", 0, {1}, {1}), "the storage is None, not a storage");
  says(tensor_of("NQ", 0, {1}, {1}), "the storage is None, not a tuple");
  says(tensor_of("(tQ", 0, {1}, {1}), "its storage is not ('storage', class, key, device, items)");
  says(tensor_of(storage_of("float32", "0", 6), 0, {1}, {1}),
       "torch.float32 is no class of storages");
  says(tensor_of(storage_of("FloatStorage", "1", 6), 0, {1}, {1}), "no zip entry 'a/data/1'");
  says(tensor_of(storage_of("FloatStorage", "../data.pkl", 6), 0, {1}, {1}),
       "no zip entry 'a/data/../data.pkl'");
  says(tensor_of(storage_of("FloatStorage", "0", 5), 0, {1}, {1}),
       "a storage of 5 items of 4 bytes, but zip entry 'a/data/0' has 24 bytes");
  says(tensor_of(storage_of("FloatStorage", "0", INT64_MAX), 0, {1}, {1}), "has 24 bytes");
  says(tensor_of(storage_of("DoubleStorage", "0", 6), 0, {1}, {1}), "6 items of 8 bytes");
  says(call_of("torch._utils", "_rebuild_tensor_v2", "N"), "has 1 arguments");
  says(call_of("torch", "Size", ""), "a call of torch.Size is no tensor");
  says(call_of("torch._utils", "_rebuild_parameter", "NNN"), "the tensor is None");
  says(call_of("torch._utils", "_rebuild_tensor_v3",
               floats + int_of(0) + tuple_of({6}) + tuple_of({1}) + "\x89}ctorch\nFloatStorage\n"),
       "torch.FloatStorage is no dtype");
  says(call_of("torch._utils", "_rebuild_tensor_v3",
               floats + int_of(0) + tuple_of({6}) + tuple_of({1}) + "\x89}ctorch\nint32\n"),
       "a storage of another type");
  says(tensor_of("(" + words_of("storage") + "ctorch.storage\nUntypedStorage\n" + words_of("0") +
                     words_of("cpu") + int_of(24) + "tQ",
                 0, {1}, {1}),
       "a storage without type");
  says(tensor_of(floats, 0, {6}, {1}, "}" + words_of("conj") + "K\1s"),
       "a bit of the metadata is an int");
}

TEST_CASE("forms of tensors that torch writes seldom", "[torch]") {
  auto const shape_of_value = [](std::string const& value) {
    return index_of(file_of(value)).tensors[0].shape;
  };
  std::vector<index_t> const six{6};
  CHECK(shape_of_value(call_of("torch._utils", "_rebuild_tensor",
                               floats + int_of(0) + tuple_of({6}) + tuple_of({1}))) == six);
  CHECK(shape_of_value(call_of("torch._utils", "_rebuild_tensor_v2",
                               floats + int_of(0) + call_of("torch", "Size", tuple_of({6})) +
                                   tuple_of({1}) + "\x89}")) == six);
  CHECK(shape_of_value(tensor_of(floats, 0, {6}, {1}, "}" + words_of("conj") + "\x89s")) == six);
  CHECK(shape_of_value(tensor_of(floats, 0, {6}, {1}, "N")) == six);
  std::string wrapped = tensor_of(floats, 0, {6}, {1});
  for (int i = 0; i < 10'000; ++i)  // deep, but no recursion
    wrapped = "ctorch._utils\n_rebuild_parameter\n" + wrapped + "\x88}\x87R";
  CHECK(shape_of_value(wrapped) == six);
}

TEST_CASE("dicts in dicts", "[torch]") {
  std::string const leaf = tensor_of(floats, 0, {6}, {1});
  auto const nested = [&](int depth) {
    std::string value = leaf;
    for (int i = 0; i < depth; ++i) value = "}" + words_of("d") + value + "s";
    return file_of(value);
  };
  CHECK(index_of(nested(2)).tensors[0].name == "w.d.d");
  CHECK(index_of(nested(64)).tensors.size() == 1);
  check_error(nested(65), errc::value_is_not_supported, "more than 64 levels");
  std::string const memo = "q" + std::string(1, '\0');
  std::string const again = "h" + std::string(1, '\0');
  check_error(zip_files::torch_file("\x80\2}" + memo + words_of("w") + again + "s."),
              errc::value_is_not_supported, "one dict stands at two places");
  check_error(zip_files::torch_file("\x80\2}" + words_of("a") + "}" + memo + "s" + words_of("b") +
                                    again + "s."),
              errc::value_is_not_supported, "one dict stands at two places");
  check_error(zip_files::torch_file("\x80\2}" + words_of("a.b") + leaf + "s" + words_of("a") + "}" +
                                        words_of("b") + leaf + "ss.",
                                    {std::string(24, 'x')}),
              errc::file_is_malformed, "tensor 'a.b': byte");
  check_error(zip_files::torch_file("\x80\2}."), errc::value_is_not_supported,
              "the file holds no tensors");
}

TEST_CASE("hostile pickles in a file", "[torch]") {
  check_error(file_of("cos\nsystem\n" + words_of("id") + "\x85R"), errc::value_is_not_supported,
              "'os.system'");
  check_error(file_of("c__builtin__\neval\n" + words_of("1") + "\x85R"),
              errc::value_is_not_supported, "'__builtin__.eval'");
  check_error(file_of("]"), errc::value_is_not_supported, "a list is among the tensors");
}

TEST_CASE("archives that are not quite torch's", "[torch]") {
  using zip_files::archive;
  using zip_files::part;
  part const pickled{"a/data.pkl", pickle_of(tensor_of(floats, 0, {6}, {1}))};
  part const stored{"a/data/0", std::string(24, 'x')};
  CHECK(index_of(archive({stored, pickled})).tensors.size() == 1);
  CHECK(index_of(archive({pickled, stored}, zip_files::numbers::of_64_bits)).tensors.size() == 1);
  check_error(archive({stored}), errc::value_is_not_supported, "without <folder>/data.pkl");
  check_error(archive({{"data.pkl", ""}}), errc::value_is_not_supported,
              "without <folder>/data.pkl");
  check_error(archive({{"a/b/data.pkl", ""}}), errc::value_is_not_supported, "without <folder>");
  check_error(archive({pickled, stored, {"b/x", ""}}), errc::value_is_not_supported,
              "zip entry 'b/x' is not in the folder 'a/'");
  check_error(archive({pickled, stored, {"a/byteorder", "big"}}), errc::value_is_not_supported,
              "byte order is 'big'");
  check_error(archive({pickled, stored, {"a/byteorder", std::string(1000, 'l')}}),
              errc::value_is_not_supported, "byte order is 'too long'");
  check_error(archive({pickled, {"a/data/0", std::string(24, 'x'), 8}}),
              errc::value_is_not_supported, "zip entry 'a/data/0' is compressed");
  check_error(archive({{.name = "a/data.pkl", .content = "", .size = most_pickle_bytes + 1}}),
              errc::file_is_malformed, "reaches into the directory");
}
