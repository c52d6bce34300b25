#include "pickle_reader.h"

#include <c10/util/StringUtil.h>

#include <array>
#include <bit>
#include <cstdio>
#include <stdexcept>

#include "pickled_tensor.h"

namespace gyroseg {
namespace {

/// Opcodes by their names in Python's pickletools.
enum Op : unsigned char {
  kMark = '(', kEmptyTuple = ')', kStop = '.', kBinFloat = 'G', kBinInt = 'J', kBinInt1 = 'K',
  kBinInt2 = 'M', kNone = 'N', kBinPersId = 'Q', kReduce = 'R', kBinString = 'T',
  kShortBinString = 'U', kBinUnicode = 'X', kEmptyList = ']', kAppend = 'a', kBuild = 'b',
  kGlobal = 'c', kAppends = 'e', kBinGet = 'h', kLongBinGet = 'j', kBinPut = 'q',
  kLongBinPut = 'r', kSetItem = 's', kTuple = 't', kSetItems = 'u', kEmptyDict = '}',
  kProto = 0x80, kTuple1 = 0x85, kTuple2 = 0x86, kTuple3 = 0x87, kNewTrue = 0x88,
  kNewFalse = 0x89, kLong1 = 0x8a, kShortBinUnicode = 0x8c, kBinUnicode8 = 0x8d,
  kStackGlobal = 0x93, kMemoize = 0x94, kFrame = 0x95
};

constexpr std::uint64_t kNewestProtocol = 5;

template <typename... Parts>
[[noreturn]] void fail_to_read(const Parts&... parts) {
  throw std::invalid_argument(c10::str(parts...));
}

std::string hex(unsigned char code) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "0x%02x", code);
  return text.data();
}

}  // namespace

const PickleValue& PickleReader::read() {
  stack_.clear();
  memo_.clear();
  while (step(static_cast<unsigned char>(take(1)[0]))) {
  }
  PickleValue& value = pop();
  if (!stack_.empty()) fail_to_read("the pickle ends with ", stack_.size() + 1, " values, expected one");
  return value;
}

bool PickleReader::step(unsigned char code) {
  switch (code) {
    case kStop: return false;
    case kMark: push(make(Kind::mark)); break;
    case kTuple: push_tuple(pop_to_mark()); break;
    case kTuple1: push_tuple({&pop()}); break;
    case kTuple2:
    case kTuple3: {
      std::vector<PickleValue*> items(code == kTuple2 ? 2 : 3);
      for (auto item = items.rbegin(); item != items.rend(); ++item) *item = &pop();
      push_tuple(std::move(items));
      break;
    }
    case kAppend: append({&pop()}); break;
    case kAppends: append(pop_to_mark()); break;
    case kSetItem: {
      PickleValue& value = pop();
      PickleValue& key = pop();
      set_items({&key, &value});
      break;
    }
    case kSetItems: set_items(pop_to_mark()); break;
    case kGlobal: {
      const std::string module(line());
      push_global(module, std::string(line()));
      break;
    }
    case kStackGlobal: stack_global(); break;
    case kReduce: reduce(); break;
    case kBuild: build(); break;
    case kBinPersId: persistent_id(); break;
    case kBinGet: push_memo(number(1)); break;
    case kLongBinGet: push_memo(number(4)); break;
    case kBinPut: remember(number(1)); break;
    case kLongBinPut: remember(number(4)); break;
    case kMemoize: remember(memo_.size()); break;
    default: return step_constant(code);
  }
  return true;
}

bool PickleReader::step_constant(unsigned char code) {
  switch (code) {
    case kProto:
      if (const std::uint64_t protocol = number(1); protocol > kNewestProtocol) {
        fail_to_read("pickle protocol ", protocol, " is not known, only those up to ", kNewestProtocol);
      }
      break;
    case kFrame: (void)number(8); break;
    case kNone: push(make(Kind::none)); break;
    case kNewTrue:
    case kNewFalse: {
      PickleValue& value = make(Kind::boolean);
      value.integer = code == kNewTrue;
      push(value);
      break;
    }
    case kBinInt: push_integer(static_cast<std::int32_t>(number(4))); break;
    case kBinInt1: push_integer(static_cast<std::int64_t>(number(1))); break;
    case kBinInt2: push_integer(static_cast<std::int64_t>(number(2))); break;
    case kLong1: push_long(number(1)); break;
    case kBinFloat: push_real(); break;
    case kShortBinString:
    case kShortBinUnicode: push_text(number(1)); break;
    case kBinString:
    case kBinUnicode: push_text(number(4)); break;
    case kBinUnicode8: push_text(number(8)); break;
    case kEmptyTuple: push(make(Kind::tuple)); break;
    case kEmptyList: push(make(Kind::list)); break;
    case kEmptyDict: push(make(Kind::dict)); break;
    default:
      fail_to_read("byte ", at_ - 1, ": pickle opcode ", hex(code), " has no place in a state dict");
  }
  return true;
}

std::string_view PickleReader::take(std::uint64_t count) {
  if (count > bytes_.size() - at_) fail_to_read("the pickle is cut short");
  const std::string_view part = bytes_.substr(at_, count);
  at_ += count;
  return part;
}

std::string_view PickleReader::line() {
  const std::size_t end = bytes_.find('\n', at_);
  if (end == std::string_view::npos) fail_to_read("the pickle is cut short");
  const std::string_view text = take(end - at_);
  (void)take(1);
  return text;
}

std::uint64_t PickleReader::number(int bytes) {
  const std::string_view part = take(static_cast<std::uint64_t>(bytes));
  std::uint64_t value = 0;
  for (std::size_t i = part.size(); i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(part[i]);
  }
  return value;
}

PickleValue& PickleReader::make(Kind kind) {
  values_.emplace_back().kind = kind;
  return values_.back();
}

void PickleReader::push_text(std::uint64_t length) {
  PickleValue& value = make(Kind::text);
  value.text = take(length);
  push(value);
}

void PickleReader::push_integer(std::int64_t integer) {
  PickleValue& value = make(Kind::integer);
  value.integer = integer;
  push(value);
}

// Two's complement of any length.
void PickleReader::push_long(std::uint64_t length) {
  if (length > 8) {
    PickleValue& value = make(Kind::big);
    value.text = take(length);
    push(value);
    return;
  }
  std::uint64_t bits = number(static_cast<int>(length));
  const bool negative = length > 0 && (bits >> (8 * length - 1) & 1) != 0;
  if (negative && length < 8) bits |= ~std::uint64_t{0} << (8 * length);
  push_integer(static_cast<std::int64_t>(bits));
}

void PickleReader::push_real() {
  std::uint64_t bits = 0;
  for (const char byte : take(8)) bits = bits << 8 | static_cast<unsigned char>(byte);
  PickleValue& value = make(Kind::real);
  value.real = std::bit_cast<double>(bits);
  push(value);
}

void PickleReader::push_global(const std::string& module, const std::string& name) {
  PickleValue& value = make(Kind::global);
  value.text = allowed_global(module + "." + name);
  push(value);
}

void PickleReader::stack_global() {
  const PickleValue& name = pop();
  const PickleValue& module = pop();
  if (name.kind != Kind::text || module.kind != Kind::text) fail_to_read("a name in it is no text");
  push_global(module.text, name.text);
}

void PickleReader::push_memo(std::uint64_t index) {
  const bool set = index < memo_.size() && memo_[index] != nullptr;
  if (!set) fail_to_read("it reads memo ", index, ", which was never set");
  push(*memo_[index]);
}

// Python numbers its memos from 0 without gaps; one a byte is more than there can be.
void PickleReader::remember(std::uint64_t index) {
  if (stack_.empty() || index > bytes_.size()) fail_to_read("it sets memo ", index, " out of turn");
  if (index >= memo_.size()) memo_.resize(index + 1, nullptr);
  memo_[index] = stack_.back();
}

PickleValue& PickleReader::pop() {
  if (stack_.empty() || stack_.back()->kind == Kind::mark) fail_to_read("it takes more values than it has");
  PickleValue& value = *stack_.back();
  stack_.pop_back();
  return value;
}

PickleValue& PickleReader::top(Kind kind, const char* what) {
  if (stack_.empty() || stack_.back()->kind != kind) fail_to_read("expected ", what);
  return *stack_.back();
}

std::vector<PickleValue*> PickleReader::pop_to_mark() {
  std::size_t first = stack_.size();
  while (first > 0 && stack_[first - 1]->kind != Kind::mark) --first;
  if (first == 0) fail_to_read("it takes more values than it has");
  std::vector<PickleValue*> items(stack_.begin() + static_cast<std::ptrdiff_t>(first),
                                  stack_.end());
  stack_.resize(first - 1);
  return items;
}

void PickleReader::push_tuple(std::vector<PickleValue*> items) {
  PickleValue& value = make(Kind::tuple);
  value.items = std::move(items);
  push(value);
}

void PickleReader::append(const std::vector<PickleValue*>& items) {
  std::vector<PickleValue*>& list = top(Kind::list, "a list to append to").items;
  list.insert(list.end(), items.begin(), items.end());
}

void PickleReader::set_items(const std::vector<PickleValue*>& items) {
  PickleValue& dict = top(Kind::dict, "a dict to add to");
  if (items.size() % 2 != 0) fail_to_read("a key of a dict has no value");
  for (std::size_t i = 0; i < items.size(); i += 2) {
    dict.entries.emplace_back(items[i], items[i + 1]);
  }
}

// Attributes of an OrderedDict: `_metadata`, the versions of its modules. Nothing here needs them.
void PickleReader::build() {
  (void)pop();
  (void)top(Kind::dict, "attributes of a dict; other objects have no place in a state dict");
}

void PickleReader::reduce() {
  const PickleValue& arguments = pop();
  const PickleValue& function = pop();
  if (function.kind != Kind::global || arguments.kind != Kind::tuple) {
    fail_to_read("it calls what is no function");
  }
  PickleValue& value = make(Kind::none);
  call_global(function.text, arguments.items, value);
  push(value);
}

void PickleReader::persistent_id() {
  const PickleValue& id = pop();
  PickleValue& value = make(Kind::storage);
  value.storage = storage_of(id);
  const auto& known = storages_.emplace(value.storage.key, value.storage).first->second;
  if (known != value.storage) fail_to_read("storage ", known.key, " has two types or sizes");
  push(value);
}

}  // namespace gyroseg
