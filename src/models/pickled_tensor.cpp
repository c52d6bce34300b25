#include "pickled_tensor.h"

#include <c10/util/StringUtil.h>

#include <cstdint>
#include <limits>
#include <map>
#include <stdexcept>
#include <utility>

namespace gyroseg {
namespace {

using Kind = PickleValue::Kind;

const std::string kOrderedDict = "collections.OrderedDict";
const std::string kTensor = "torch._utils._rebuild_tensor_v2";
const std::string kOldTensor = "torch._utils._rebuild_tensor";  // to 2017
const std::string kParameter = "torch._utils._rebuild_parameter";

const std::map<std::string, torch::Dtype>& storage_types() {
  static const std::map<std::string, torch::Dtype> types = {
      {"torch.DoubleStorage", torch::kFloat64},  {"torch.FloatStorage", torch::kFloat32},
      {"torch.HalfStorage", torch::kFloat16},    {"torch.BFloat16Storage", torch::kBFloat16},
      {"torch.LongStorage", torch::kInt64},      {"torch.IntStorage", torch::kInt32},
      {"torch.ShortStorage", torch::kInt16},     {"torch.CharStorage", torch::kInt8},
      {"torch.ByteStorage", torch::kUInt8},      {"torch.BoolStorage", torch::kBool}};
  return types;
}

template <typename... Parts>
[[noreturn]] void fail_to_unpickle(const Parts&... parts) {
  throw std::invalid_argument(c10::str(parts...));
}

std::int64_t natural(const PickleValue& value, const char* what) {
  if (value.kind != Kind::integer || value.integer < 0) fail_to_unpickle(what, ": expected an integer >= 0");
  return value.integer;
}

// Values may be used many times by number: what is copied with each use must be short.
constexpr std::size_t kMostDimensions = 64;  // as many as torch has
constexpr std::size_t kLongestKey = 64;      // a number in every file that torch writes
constexpr std::size_t kNameShown = 100;

std::vector<std::int64_t> naturals(const PickleValue& value, const char* what) {
  const bool list = value.kind == Kind::tuple || value.kind == Kind::list;
  if (!list || value.items.size() > kMostDimensions) {
    fail_to_unpickle(what, ": expected at most ", kMostDimensions, " integers");
  }
  std::vector<std::int64_t> numbers;
  for (const PickleValue* item : value.items) numbers.push_back(natural(*item, what));
  return numbers;
}

/// a * b + c of numbers >= 0, or the largest integer, which is past the end of every storage.
std::int64_t saturated(std::int64_t a, std::int64_t b, std::int64_t c) {
  std::int64_t product = 0, sum = 0;
  const bool overflow =
      __builtin_mul_overflow(a, b, &product) || __builtin_add_overflow(product, c, &sum);
  return overflow ? std::numeric_limits<std::int64_t>::max() : sum;
}

// More elements than the storage has would be a view that repeats some: small in the file, of any
// size once it is copied.
void check_bounds(const PickleValue& tensor) {
  if (tensor.sizes.size() != tensor.strides.size()) {
    fail_to_unpickle("a tensor has ", tensor.sizes.size(), " sizes and ", tensor.strides.size(), " strides");
  }
  std::int64_t count = 1, last = tensor.offset;
  for (std::size_t i = 0; i < tensor.sizes.size(); ++i) {
    if (tensor.sizes[i] == 0) return;  // no elements
    count = saturated(count, tensor.sizes[i], 0);
    last = saturated(tensor.sizes[i] - 1, tensor.strides[i], last);
  }
  if (last >= tensor.storage.size || count > tensor.storage.size) {
    fail_to_unpickle("a tensor of sizes ", c10::IntArrayRef(tensor.sizes), ", strides ",
         c10::IntArrayRef(tensor.strides), " and offset ", tensor.offset,
         " reaches past its storage of ", tensor.storage.size, " elements");
  }
}

// (storage, offset, size, stride), then what autograd knows of it.
void rebuild_tensor(const std::vector<PickleValue*>& arguments, PickleValue& result) {
  if (arguments.size() < 4 || arguments[0]->kind != Kind::storage) {
    fail_to_unpickle("a tensor is not (storage, offset, size, stride, ...)");
  }
  result.kind = Kind::tensor;
  result.storage = arguments[0]->storage;
  result.offset = natural(*arguments[1], "offset of a tensor");
  result.sizes = naturals(*arguments[2], "sizes of a tensor");
  result.strides = naturals(*arguments[3], "strides of a tensor");
  check_bounds(result);
}

// Python 3 fills an empty one; Python 2 gives its pairs in a list, which serves once.
void ordered_dict(const std::vector<PickleValue*>& arguments, PickleValue& result) {
  result.kind = Kind::dict;
  if (arguments.empty()) return;
  if (arguments.size() != 1 || arguments[0]->kind != Kind::list) {
    fail_to_unpickle(kOrderedDict, ": expected a list of pairs");
  }
  for (const PickleValue* pair : std::exchange(arguments[0]->items, {})) {
    if ((pair->kind != Kind::list && pair->kind != Kind::tuple) || pair->items.size() != 2) {
      fail_to_unpickle(kOrderedDict, ": expected a list of pairs");
    }
    result.entries.emplace_back(pair->items[0], pair->items[1]);
  }
}

}  // namespace

std::string allowed_global(const std::string& name) {
  const bool known = name == kOrderedDict || name == kTensor || name == kOldTensor ||
                     name == kParameter || storage_types().contains(name);
  if (!known) {
    fail_to_unpickle("it asks for ", name.substr(0, kNameShown),
         ", which has no place in a state dict; nothing of it was executed");
  }
  return name;
}

void call_global(const std::string& name, const std::vector<PickleValue*>& arguments,
                 PickleValue& result) {
  if (name == kOrderedDict) return ordered_dict(arguments, result);
  if (name == kTensor || name == kOldTensor) return rebuild_tensor(arguments, result);
  if (name != kParameter) fail_to_unpickle("it calls ", name, ", which is a type of storage");
  if (arguments.empty() || arguments[0]->kind != Kind::tensor) fail_to_unpickle("a parameter holds no tensor");
  result = *arguments[0];
}

PickledStorage storage_of(const PickleValue& id) {
  const auto& parts = id.items;
  const bool tuple = id.kind == Kind::tuple && (parts.size() == 5 || parts.size() == 6);
  if (!tuple || parts[0]->kind != Kind::text || parts[0]->text != "storage" ||
      parts[1]->kind != Kind::global || parts[2]->kind != Kind::text ||
      parts[2]->text.size() > kLongestKey) {
    fail_to_unpickle("a storage is not ('storage', type, key, location, size)");
  }
  if (parts.size() == 6 && parts[5]->kind != Kind::none) fail_to_unpickle("a storage is a view of another");
  const auto type = storage_types().find(parts[1]->text);
  if (type == storage_types().end()) fail_to_unpickle(parts[1]->text, " is no type of storage");
  return {parts[2]->text, type->second, natural(*parts[4], "size of a storage")};
}

}  // namespace gyroseg
