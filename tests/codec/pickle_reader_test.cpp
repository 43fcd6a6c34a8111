#include "files.hpp"

#include <reshard/codec/pickle_reader.hpp>

#include <random>

using namespace reshard;
using files::from_hex;

namespace {
constexpr pickle_global known[] = {{"collections.OrderedDict", pickle_global::kind::dict_class},
                                   {"torch.float32"},
                                   {"torch.FloatStorage"}};
std::string const path = "p.pkl";

pickle_tree read(std::string const& bytes, std::uint64_t first_byte = 0) {
  return read_pickle({std::as_bytes(std::span{bytes}), path, first_byte}, known);
}
codec_error error_in(std::string const& bytes) {
  return files::error_of([&] { (void)read(bytes, 1000); });
}
/// The error of opcodes between a protocol and a STOP.
codec_error error_of_body(std::string const& opcodes) {
  return error_in("\x80\2" + opcodes + ".");
}

/// A printed form like Python's: {'a': (1, None)}.
std::string printed(pickle_tree const& tree, pickle_id id) {
  pickle_value const& value = tree[id];
  std::string all;
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    bool const is_value = value.kind == pickle_kind::dict && i % 2 == 1;
    all += (i == 0 ? "" : is_value ? ": " : ", ") + printed(tree, value.items[i]);
  }
  switch (value.kind) {
    case pickle_kind::none:
      return "None";
    case pickle_kind::boolean:
      return value.number != 0 ? "True" : "False";
    case pickle_kind::integer:
      return std::to_string(value.number);
    case pickle_kind::real:
      return "real";
    case pickle_kind::text:
      return "'" + std::string{value.text} + "'";
    case pickle_kind::tuple:
      return "(" + all + ")";
    case pickle_kind::list:
      return "[" + all + "]";
    case pickle_kind::dict:
      return "{" + all + "}";
    case pickle_kind::global:
      return std::string{known[value.number].name};
    case pickle_kind::call:
      return "call(" + all + ")";
    case pickle_kind::persistent:
      return "persistent(" + all + ")";
  }
  return "?";
}
std::string printed(std::string const& bytes) {
  pickle_tree const tree = read(bytes);
  return printed(tree, tree.root());
}

std::string little(std::uint64_t n, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(n >> (8 * i));
  return out;
}
std::string repeated(std::string const& part, int n) {
  std::string out;
  for (int i = 0; i < n; ++i) out += part;
  return out;
}

// pickle.dumps(v, protocol=2..5) of CPython 3.11, v as in the test below
char const* const dumps[] = {
    "80027d7100285801000000617101284b014740040000000000004e888958010000007871025d7103284d2c014a7011"
    "01004affffffff8a060000000000018a060000000000ff8a0500000080004b006574710458010000006271057d7106"
    "580100000063710729735802000000c3a971085d710958010000006c710a5d710b680161752e",
    "80037d7100285801000000617101284b014740040000000000004e888958010000007871025d7103284d2c014a7011"
    "01004affffffff8a060000000000018a060000000000ff8a0500000080004b006574710458010000006271057d7106"
    "580100000063710729735802000000c3a971085d710958010000006c710a5d710b680161752e",
    "80049564000000000000007d94288c016194284b014740040000000000004e88898c0178945d94284d2c014a701101"
    "004affffffff8a060000000000018a060000000000ff8a0500000080004b006574948c0162947d948c01639429738c"
    "02c3a9945d948c016c945d94680161752e",
    "80059564000000000000007d94288c016194284b014740040000000000004e88898c0178945d94284d2c014a701101"
    "004affffffff8a060000000000018a060000000000ff8a0500000080004b006574948c0162947d948c01639429738c"
    "02c3a9945d948c016c945d94680161752e"};
}  // namespace

TEST_CASE("values are read as CPython wrote them, in each protocol", "[pickle]") {
  for (char const* const hex : dumps)
    CHECK(printed(from_hex(hex)) ==
          "{'a': (1, real, None, True, False, 'x', [300, 70000, -1, 1099511627776, -1099511627776, "
          "2147483648, 0]), 'b': {'c': ()}, 'é': [], 'l': ['a']}");
}

TEST_CASE("globals, calls and persistent values are noted down", "[pickle]") {
  std::string const dict = "ccollections\nOrderedDict\n)R";
  CHECK(printed("\x80\2" + dict + ".") == "{}");
  CHECK(printed("\x80\2" + dict + "X\1" + little(0, 3) + "kK\1s.") == "{'k': 1}");
  CHECK(printed("\x80\2" + dict + "}X\1" + little(0, 3) + "mK\1sb.") == "{}");  // attributes
  CHECK(printed("\x80\2"
                "ctorch\nFloatStorage\nK\1\x85R.") == "call(torch.FloatStorage, (1))");
  CHECK(printed("\x80\4\x8c\5torch\x8c\7float32\x93.") == "torch.float32");
  CHECK(printed("\x80\2(K\1K\2tQ.") == "persistent((1, 2))");
  CHECK(printed("\x80\2K\1K\2\x86K\3\x85\x86K\1K\2K\3\x87\x86.") == "(((1, 2), (3)), (1, 2, 3))");
}

TEST_CASE("what is remembered can be had again", "[pickle]") {
  std::string const nothing(1, '\0');
  std::string const third = "\1" + std::string(3, '\0');
  CHECK(printed("\x80\2(K\5q" + nothing + "K\6r" + third + "h" + nothing + "j" + third + "t.") ==
        "(5, 6, 5, 6)");
  CHECK(printed("\x80\4(K\5\x94K\6\x94h\1h" + nothing + "t.") == "(5, 6, 6, 5)");
  CHECK(printed("\x80\2(K\5q" + nothing + "K\6q" + nothing + "h" + nothing + "t.") == "(5, 6, 6)");
}

TEST_CASE("pickled integers of 0 to 8 bytes", "[pickle]") {
  auto const of = [](std::string const& bytes) {
    return printed("\x80\2\x8a" + std::string(1, static_cast<char>(bytes.size())) + bytes + ".");
  };
  CHECK(of("") == "0");
  CHECK(of("\xff") == "-1");
  CHECK(of(std::string{"\xff\0", 2}) == "255");
  CHECK(of(std::string{"\0\0\0\0\0\0\0\x80", 8}) == "-9223372036854775808");
  CHECK(of("\xff\xff\xff\xff\xff\xff\xff\x7f") == "9223372036854775807");
  CHECK(files::contains(error_of_body("\x8a\x09" + std::string(9, '\1')).what(),
                        "an integer of more than 64 bits"));
}

TEST_CASE("a global that is not allowed is named with its byte", "[pickle]") {
  codec_error const e = error_of_body("cos\nsystem\nX\2" + little(0, 3) + "ls\x85R");
  CHECK(e.code() == errc::value_is_not_supported);
  CHECK(e.rule() == std::string_view{"pickle_global_is_not_allowed"});
  CHECK(e.byte() == 1002);
  CHECK(e.path() == path);
  CHECK(files::contains(e.what(), "'os.system'"));
  CHECK(files::contains(error_in("\x80\4\x8c\2os\x8c\6system\x93.").what(), "'os.system'"));
  for (char const* const other :
       {"c__builtin__\neval\n", "cbuiltins\nexec\n", "cposix\nsystem\n", "ctorch\nload\n",
        "ccollections.OrderedDict\n\n", "c\ncollections.OrderedDict\n", "ctorch.\nfloat32\n",
        "ctorch\n.float32\n", "ctorch\nfloat3\n", "ctorch\nfloat32 \n"})
    CHECK(error_of_body(other).rule() == std::string_view{"pickle_global_is_not_allowed"});
  CHECK(files::contains(error_of_body("ca\x01\nb\n").what(), "'a\\x01.b'"));
}

TEST_CASE("opcodes that torch.save does not write are refused", "[pickle]") {
  for (char const opcode :
       {'i',    'o',    '\x81', '\x92', 'P',    'S',    'I',    'F',    'V',    'L',
        '0',    '1',    '2',    'd',    'l',    'B',    'C',    'T',    'U',    '\x8b',
        '\x8f', '\x90', '\x91', '\x82', '\x83', '\x84', '\x97', '\x98', '\xff', '\0'}) {
    INFO(static_cast<int>(opcode));
    codec_error const e = error_of_body("N" + std::string(1, opcode));
    CHECK(e.rule() == std::string_view{"pickle_opcode_is_not_supported"});
    CHECK(e.byte() == 1003);
  }
  CHECK(files::contains(error_of_body("N\x81").what(), "pickle opcode 0x81"));
}

TEST_CASE("misuse of the stack is an error", "[pickle]") {
  auto const says = [](std::string const& body, char const* words) {
    INFO(words);
    codec_error const e = error_of_body(body);
    CHECK(e.code() == errc::file_is_malformed);
    CHECK(files::contains(e.what(), words));
  };
  says("", "a value is missing");
  says("t", "a mark is missing");
  says("NN", "left over");
  says("(N", "left over");
  says("N(\x85", "a value is missing");  // below the mark
  says("N(Nee", "go to None");
  says("K\1\x86", "a value is missing");
  says("Na", "a value is missing");
  says("NNa", "items for a list go to None");
  says("}Na", "items for a list go to a dict");
  says("]NNs", "items for a dict go to a list");
  says("}(Nu", "a key without a value");
  says("N)R", "a call of None with a tuple");
  says("ctorch\nfloat32\nNR", "a call of a class with None");
  says("ccollections\nOrderedDict\nN\x85R", "called with arguments");
  says("N}b", "items for a dict go to None");
  says("K\1K\2\x93", "the name of a class is no text");
  says("h\5", "memo 5 is empty");
  says("Nq\1", "memo 1 skips numbers");
  says("Nr\xff\xff\xff\xff", "memo 4294967295 skips numbers");
  says("q" + std::string(1, '\0'), "a value is missing");
  says("N.N", "bytes follow its STOP");
  says("\x80\6N", "protocol 6");
  says("\x80\1N", "protocol 1");
  CHECK(files::contains(error_in("N.").what(), "does not begin with a protocol"));
}

TEST_CASE("every truncation of a pickle is an error", "[pickle]") {
  for (char const* const hex : dumps) {
    std::string const whole = from_hex(hex);
    for (std::size_t n = 0; n < whole.size(); ++n) {
      codec_error const e = error_in(whole.substr(0, n));
      REQUIRE(e.code() == errc::file_is_truncated);
      REQUIRE(e.byte() == static_cast<std::int64_t>(1000 + n));
    }
  }
}

TEST_CASE("huge lengths are errors before memory is taken", "[pickle]") {
  for (std::string const& body :
       {"X" + little(0xffffffff, 4), "\x8d" + little(~0ULL, 8), "\x8d" + little(~0ULL >> 1, 8),
        std::string{"\x8c\xff"}, std::string{"\x8a\xff"}, "\x95" + little(~0ULL, 8),
        "\x95" + little(99, 8)})
    CHECK(error_of_body(body).code() == errc::file_is_truncated);
}

TEST_CASE("nesting costs no recursion; its marks are bounded", "[pickle]") {
  int const deep = 100'000;
  pickle_tree const tree = read("\x80\2" + repeated("]", deep) + repeated("a", deep - 1) + ".");
  CHECK(tree.size() == 3 + static_cast<std::size_t>(deep));
  CHECK(read("\x80\2N" + repeated("\x85", deep) + ".").size() > 100'000);
  CHECK(files::contains(error_of_body(repeated("(", 1001)).what(), "more than 1000 marks"));
  CHECK(read("\x80\2" + repeated("(", 1000) + repeated("t", 1000) + ".").size() == 1003);
}

TEST_CASE("a memo bomb stays as small as it is written", "[pickle]") {
  std::string bomb = "\x80\2]q" + std::string(1, '\0');
  for (int i = 0; i < 200; ++i)
    bomb += "](" + repeated("h" + std::string(1, static_cast<char>(i)), 10) + "eq" +
            std::string(1, static_cast<char>(i + 1));
  CHECK(read(bomb + repeated("\x86", 200) + ".").size() == 3 + 201 + 200);
  std::string const itself = "\x80\2]q" + std::string(1, '\0') + "h" + std::string(1, '\0') + "a.";
  pickle_tree const tree = read(itself);
  CHECK(tree[tree.root()].items[0] == tree.root());
}

TEST_CASE("the numbers of values, stack entries and bytes are bounded", "[pickle][slow]") {
  std::string const many(std::size_t{1} << 23, ']');
  CHECK(files::contains(error_in("\x80\2" + many + ".").what(), "more than 8388608 values"));
  std::string const constants((std::size_t{1} << 23) + 1, 'N');
  CHECK(files::contains(error_in("\x80\2" + constants + ".").what(), "values on its stack"));
  CHECK(
      files::contains(error_in("\x80\4N" + std::string((std::size_t{1} << 23) + 1, '\x94')).what(),
                      "8388608 memos"));
  CHECK(files::contains(error_in(std::string(most_pickle_bytes + 1, 'N')).what(),
                        "more than 134217728 bytes"));
}

TEST_CASE("damaged pickles are read or refused, nothing else", "[pickle]") {
  std::mt19937_64 random{7};
  int errors = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = from_hex(dumps[random() % 4]);
    for (std::size_t flips = 1 + random() % 3; flips > 0; --flips)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    try {
      (void)read(bytes);
    } catch (codec_error const& e) {
      REQUIRE(e.path() == path);
      REQUIRE(e.byte() >= 0);
      ++errors;
    }
  }
  CHECK(errors > 5000);
}
