#pragma once

#include <reshard/codec/little_endian.hpp>
#include <reshard/codec/pickle.hpp>

#include <array>
#include <type_traits>

namespace reshard {
inline namespace v1 {
namespace detail {

[[noreturn]] inline void pickle_is_malformed(file_place const& place, std::string const& reason) {
  throw codec_error{errc::file_is_malformed, __func__, place, "in the pickle: " + reason};
}
[[noreturn]] inline void pickle_is_cut_off(file_place const& place) {
  throw codec_error{errc::file_is_truncated, __func__, place, "the pickle ends before its STOP"};
}
[[noreturn]] inline void pickle_opcode_is_not_supported(file_place const& place, unsigned opcode) {
  constexpr std::string_view digits = "0123456789abcdef";
  throw codec_error{errc::value_is_not_supported, __func__, place,
                    std::string{"pickle opcode 0x"} + digits[opcode >> 4 & 15] +
                        digits[opcode & 15] + " is none that torch.save writes for tensors"};
}
[[noreturn]] inline void pickle_global_is_not_allowed(file_place const& place,
                                                      std::string const& name) {
  throw codec_error{errc::value_is_not_supported, __func__, place,
                    "the pickle names " + in_quotes(name) +
                        ", which no file of tensors needs; nothing of it was run"};
}
[[noreturn]] inline void pickle_is_too_large(file_place const& place, std::string const& what,
                                             std::size_t most) {
  throw codec_error{errc::value_is_not_supported, __func__, place,
                    "the pickle has more than " + std::to_string(most) + " " + what};
}

/// The stack machine of Python's pickle, without everything that runs code: globals are looked up
/// in a list, calls are noted down.
///   source: cpython, Lib/pickletools.py
class pickle_machine {
 public:
  pickle_machine(pickle_source const& source, std::span<pickle_global const> allowed)
      : source_(source), allowed_(allowed) {
    tree_.add({.kind = pickle_kind::none});
    tree_.add({.kind = pickle_kind::boolean, .number = 0});
    tree_.add({.kind = pickle_kind::boolean, .number = 1});
  }

  pickle_tree run();

 private:
  using step = void (pickle_machine::*)();
  static constexpr std::array<step, 256> steps();

  static constexpr std::size_t most_values = std::size_t{1} << 23;
  static constexpr std::size_t most_marks = 1000;

  [[noreturn]] void malformed(std::string const& reason) const {
    pickle_is_malformed(source_.place(opcode_at_), reason);
  }

  // Reading.
  std::span<std::byte const> take(std::uint64_t n) {
    if (n > source_.bytes.size() - at_) pickle_is_cut_off(source_.place(source_.bytes.size()));
    auto const taken = source_.bytes.subspan(at_, static_cast<std::size_t>(n));
    at_ += taken.size();
    return taken;
  }
  template <std::unsigned_integral T> T number() { return load<T>(take(sizeof(T))); }
  static std::string_view words(std::span<std::byte const> bytes) {
    return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
  }
  std::string_view line() {
    std::string_view const rest = words(source_.bytes.subspan(at_));
    std::size_t const end = rest.find('\n');
    if (end == rest.npos) pickle_is_cut_off(source_.place(source_.bytes.size()));
    return words(take(end + 1)).substr(0, end);
  }

  // The stack.
  void push(pickle_id id) {
    if (stack_.size() == most_values)
      pickle_is_too_large(source_.place(opcode_at_), "values on its stack", most_values);
    stack_.push_back(id);
  }
  pickle_id push_new(pickle_value value) {
    if (tree_.size() == most_values)
      pickle_is_too_large(source_.place(opcode_at_), "values", most_values);
    value.byte = static_cast<std::uint32_t>(opcode_at_);
    pickle_id const id = tree_.add(std::move(value));
    push(id);
    return id;
  }
  pickle_id top() const {
    if (stack_.size() == (marks_.empty() ? 0 : marks_.back())) malformed("a value is missing");
    return stack_.back();
  }
  pickle_id pop() {
    pickle_id const id = top();
    stack_.pop_back();
    return id;
  }
  /// The values above the last mark, which goes.
  std::vector<pickle_id> pop_to_mark() {
    if (marks_.empty()) malformed("a mark is missing");
    auto const begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<pickle_id> values(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    marks_.pop_back();
    return values;
  }
  pickle_value& container(pickle_kind kind) {
    pickle_value& value = tree_[top()];
    if (value.kind != kind)
      malformed("items for " + std::string{name_of(kind)} + " go to " +
                std::string{name_of(value.kind)});
    return value;
  }

  // The opcodes.
  void protocol() {
    auto const version = number<std::uint8_t>();
    if (version < 2 || version > 5)
      malformed("protocol " + std::to_string(version) + ", 2 to 5 are known");
  }
  void frame() {
    if (number<std::uint64_t>() > source_.bytes.size() - at_)
      pickle_is_cut_off(source_.place(source_.bytes.size()));
  }
  void stop() {
    tree_.set_root(pop());
    if (!stack_.empty() || !marks_.empty()) malformed("values are left over at the STOP");
    stopped_ = true;
  }
  void mark() {
    if (marks_.size() == most_marks)
      pickle_is_too_large(source_.place(opcode_at_), "marks at a time", most_marks);
    marks_.push_back(stack_.size());
  }
  /// None, False and True are the first three values.
  template <std::uint32_t id> void shared() { push(pickle_id{id}); }
  template <class T> void integer() {
    using bits = std::make_unsigned_t<T>;
    push_new({.kind = pickle_kind::integer, .number = static_cast<T>(number<bits>())});
  }
  void long_integer();
  void real() {
    take(8);
    push_new({.kind = pickle_kind::real});
  }
  template <class Length> void text() {
    push_new({.kind = pickle_kind::text, .text = words(take(number<Length>()))});
  }
  template <pickle_kind kind> void empty() { push_new({.kind = kind}); }
  void tuple() {
    std::vector<pickle_id> items = pop_to_mark();
    push_new({.kind = pickle_kind::tuple, .items = std::move(items)});
  }
  template <std::size_t n> void tuple_of() {
    std::vector<pickle_id> items(n);
    for (std::size_t i = n; i-- > 0;) items[i] = pop();
    push_new({.kind = pickle_kind::tuple, .items = std::move(items)});
  }
  void append() {
    pickle_id const item = pop();
    container(pickle_kind::list).items.push_back(item);
  }
  void set_item() {
    pickle_id const value = pop();
    pickle_id const key = pop();
    std::vector<pickle_id>& items = container(pickle_kind::dict).items;
    items.insert(items.end(), {key, value});
  }
  template <pickle_kind kind> void add_items() {
    std::vector<pickle_id> const added = pop_to_mark();
    if (kind == pickle_kind::dict && added.size() % 2 != 0) malformed("a key without a value");
    std::vector<pickle_id>& items = container(kind).items;
    items.insert(items.end(), added.begin(), added.end());
  }
  template <class Number> void put() { remember(number<Number>()); }
  void memoize() { remember(memo_.size()); }
  /// Picklers number what they remember from 0 on without gaps.
  void remember(std::size_t place) {
    if (place > memo_.size()) malformed("memo " + std::to_string(place) + " skips numbers");
    if (place == most_values) pickle_is_too_large(source_.place(opcode_at_), "memos", most_values);
    if (place == memo_.size()) memo_.emplace_back();
    memo_[place] = top();
  }
  template <class Number> void get() {
    std::size_t const place = number<Number>();
    if (place >= memo_.size()) malformed("memo " + std::to_string(place) + " is empty");
    push(memo_[place]);
  }
  void global() {
    std::string_view const module = line();
    push_global(module, line());
  }
  void stack_global() {
    pickle_value const& name = tree_[pop()];
    pickle_value const& module = tree_[pop()];
    if (name.kind != pickle_kind::text || module.kind != pickle_kind::text)
      malformed("the name of a class is no text");
    push_global(module.text, name.text);
  }
  void push_global(std::string_view module, std::string_view name);
  void call();
  void persistent() {
    pickle_id const id = pop();
    push_new({.kind = pickle_kind::persistent, .items = {id}});
  }
  /// The attributes of an object: those of a dict (`_metadata` of a state_dict) are not kept.
  void build() {
    pop();
    container(pickle_kind::dict);
  }

  pickle_source source_;
  std::span<pickle_global const> allowed_;
  pickle_tree tree_;
  std::vector<pickle_id> stack_;
  std::vector<std::size_t> marks_;
  std::vector<pickle_id> memo_;
  std::size_t at_ = 0;
  std::size_t opcode_at_ = 0;
  bool stopped_ = false;
};

constexpr std::array<pickle_machine::step, 256> pickle_machine::steps() {
  using machine = pickle_machine;
  using kind = pickle_kind;
  std::array<step, 256> by_opcode{};
  struct row {
    unsigned opcode;
    step run;
  };
  constexpr row rows[] = {
      {0x80, &machine::protocol},
      {0x95, &machine::frame},
      {'.', &machine::stop},
      {'(', &machine::mark},
      {'N', &machine::shared<0>},
      {0x89, &machine::shared<1>},
      {0x88, &machine::shared<2>},
      {'J', &machine::integer<std::int32_t>},
      {'K', &machine::integer<std::uint8_t>},
      {'M', &machine::integer<std::uint16_t>},
      {0x8a, &machine::long_integer},
      {'G', &machine::real},
      {'X', &machine::text<std::uint32_t>},
      {0x8c, &machine::text<std::uint8_t>},
      {0x8d, &machine::text<std::uint64_t>},
      {')', &machine::empty<kind::tuple>},
      {'t', &machine::tuple},
      {0x85, &machine::tuple_of<1>},
      {0x86, &machine::tuple_of<2>},
      {0x87, &machine::tuple_of<3>},
      {']', &machine::empty<kind::list>},
      {'a', &machine::append},
      {'e', &machine::add_items<kind::list>},
      {'}', &machine::empty<kind::dict>},
      {'s', &machine::set_item},
      {'u', &machine::add_items<kind::dict>},
      {'c', &machine::global},
      {0x93, &machine::stack_global},
      {'R', &machine::call},
      {'b', &machine::build},
      {'Q', &machine::persistent},
      {'q', &machine::put<std::uint8_t>},
      {'r', &machine::put<std::uint32_t>},
      {0x94, &machine::memoize},
      {'h', &machine::get<std::uint8_t>},
      {'j', &machine::get<std::uint32_t>},
  };
  for (row const& r : rows) by_opcode[r.opcode] = r.run;
  return by_opcode;
}

/// A whole number of up to 8 bytes; torch.save writes sizes above 2^31 so.
inline void pickle_machine::long_integer() {
  auto const bytes = take(number<std::uint8_t>());
  if (bytes.size() > 8) malformed("an integer of more than 64 bits");
  bool const negative = !bytes.empty() && (bytes.back() & std::byte{0x80}) != std::byte{0};
  std::uint64_t value = negative ? ~std::uint64_t{0} : 0;
  for (std::size_t i = bytes.size(); i-- > 0;)
    value = value << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  push_new({.kind = pickle_kind::integer, .number = static_cast<std::int64_t>(value)});
}

inline void pickle_machine::push_global(std::string_view module, std::string_view name) {
  for (std::size_t i = 0; i < allowed_.size(); ++i) {
    std::string_view const full = allowed_[i].name;
    if (full.size() == module.size() + 1 + name.size() && full.starts_with(module) &&
        full[module.size()] == '.' && full.ends_with(name)) {
      push_new({.kind = pickle_kind::global, .number = static_cast<std::int64_t>(i)});
      return;
    }
  }
  pickle_global_is_not_allowed(source_.place(opcode_at_),
                               std::string{module} + '.' + std::string{name});
}

inline void pickle_machine::call() {
  pickle_id const arguments = pop();
  pickle_id const function = pop();
  if (tree_[arguments].kind != pickle_kind::tuple || tree_[function].kind != pickle_kind::global)
    malformed("a call of " + std::string{name_of(tree_[function].kind)} + " with " +
              std::string{name_of(tree_[arguments].kind)});
  pickle_global const& called = allowed_[static_cast<std::size_t>(tree_[function].number)];
  if (called.what == pickle_global::kind::other) {
    push_new({.kind = pickle_kind::call, .items = {function, arguments}});
    return;
  }
  if (!tree_[arguments].items.empty())
    malformed(std::string{called.name} + " is called with arguments");
  push_new({.kind = pickle_kind::dict});
}

inline pickle_tree pickle_machine::run() {
  static constexpr std::array<step, 256> by_opcode = steps();
  while (!stopped_) {
    opcode_at_ = at_;
    auto const opcode = number<std::uint8_t>();
    if (opcode_at_ == 0 && opcode != 0x80) malformed("it does not begin with a protocol");
    step const execute = by_opcode[opcode];
    if (execute == nullptr) pickle_opcode_is_not_supported(source_.place(opcode_at_), opcode);
    (this->*execute)();
  }
  opcode_at_ = at_;
  if (at_ != source_.bytes.size()) malformed("bytes follow its STOP");
  return std::move(tree_);
}
}  // namespace detail

/// The longest pickle that is read.
inline constexpr std::uint64_t most_pickle_bytes = std::uint64_t{128} << 20;

/// What a pickle of protocol 2 to 5 says. Knows the opcodes that torch.save writes for dicts of
/// tensors; nothing is run or imported.
///   allowed: the globals that it may name
///   throws:  codec_error file_is_truncated, file_is_malformed, value_is_not_supported (a global
///            that is not allowed, an opcode, too large a pickle), all with the byte
///   cost:    one pass without recursion; at most 2^23 values of some 60 bytes
[[nodiscard]] inline pickle_tree read_pickle(pickle_source const& source,
                                             std::span<pickle_global const> allowed) {
  if (source.bytes.size() > most_pickle_bytes)
    detail::pickle_is_too_large(source.place(0), "bytes", most_pickle_bytes);
  return detail::pickle_machine{source, allowed}.run();
}

}  // namespace v1
}  // namespace reshard
