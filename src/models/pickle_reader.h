#pragma once

#include <torch/types.h>

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gyroseg {

/// The memory that tensors of a state dict share: data/<key> of a zip file.
struct PickledStorage {
  std::string key;
  torch::Dtype dtype = torch::kFloat32;
  std::int64_t size = 0;  ///< elements, >= 0

  bool operator==(const PickledStorage&) const = default;
};

/// A value of a pickle. Containers point at values of the same reader, cycles included.
struct PickleValue {
  /// big: an integer past 64 bits. mark: where the items of a container begin.
  enum class Kind {
    none, boolean, integer, real, text, big, tuple, list, dict, global, storage, tensor, mark
  };
  Kind kind = Kind::none;
  std::int64_t integer = 0;  ///< boolean, integer
  double real = 0;
  std::string text;                 ///< text; big, little endian; name of a global
  std::vector<PickleValue*> items;  ///< tuple, list
  std::vector<std::pair<PickleValue*, PickleValue*>> entries;  ///< dict, in the order of the file
  PickledStorage storage;                                      ///< storage, tensor
  std::int64_t offset = 0;                   ///< tensor: of its first element in the storage
  std::vector<std::int64_t> sizes, strides;  ///< tensor; all its elements lie in the storage
};

/// Reads the pickles of state dicts, and nothing else. A pickle is a program for a small machine
/// that may import and call any Python function. This one knows the opcodes that containers,
/// numbers, texts and tensors need, and a few names, which stand for data here:
/// collections.OrderedDict, torch._utils._rebuild_tensor, _rebuild_tensor_v2, _rebuild_parameter
/// and torch.FloatStorage and its kin. Whatever else a file asks for is an error that names it,
/// before anything is done.
///
///   bytes    must outlive the reader. Protocols 2 to 5; texts of Python 2 as well
///   Memory   bounded by a multiple of the length of `bytes`; tensors are descriptions, no data
///   Why own  torch::jit::Unpickler resolves names through TorchScript, knows no legacy files (the
///            data come after the pickle), and is no security boundary
///   Source   Python's pickletools.py; torch/serialization.py, _legacy_save and _save
class PickleReader {
 public:
  explicit PickleReader(std::string_view bytes) : bytes_(bytes) {}
  PickleReader(const PickleReader&) = delete;
  PickleReader& operator=(const PickleReader&) = delete;

  /// The value of the next pickle; lives as long as the reader. Throws std::invalid_argument,
  /// saying what is wrong.
  const PickleValue& read();
  /// Every storage that the pickles read so far name, by key.
  [[nodiscard]] const std::map<std::string, PickledStorage>& storages() const { return storages_; }
  /// Bytes read so far.
  [[nodiscard]] std::size_t position() const { return at_; }

 private:
  using Kind = PickleValue::Kind;

  std::string_view take(std::uint64_t count);
  std::string_view line();
  std::uint64_t number(int bytes);
  PickleValue& make(Kind kind);
  void push(PickleValue& value) { stack_.push_back(&value); }
  void push_text(std::uint64_t length);
  void push_integer(std::int64_t value);
  void push_long(std::uint64_t length);
  void push_real();
  void push_global(const std::string& module, const std::string& name);
  void push_memo(std::uint64_t index);
  void remember(std::uint64_t index);
  PickleValue& pop();
  PickleValue& top(Kind kind, const char* what);
  std::vector<PickleValue*> pop_to_mark();
  void push_tuple(std::vector<PickleValue*> items);
  void append(const std::vector<PickleValue*>& items);
  void set_items(const std::vector<PickleValue*>& items);
  void stack_global();
  void build();
  void reduce();
  void persistent_id();
  /// One opcode; false at the end of the pickle.
  bool step(unsigned char code);
  bool step_constant(unsigned char code);

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::deque<PickleValue> values_;
  std::vector<PickleValue*> stack_;
  std::vector<PickleValue*> memo_;
  std::map<std::string, PickledStorage> storages_;
};

}  // namespace gyroseg
