#include "gyroseg/models/torch_file.h"

#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>
#include <c10/util/StringUtil.h>
#include <caffe2/serialize/inline_container.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "pickle_reader.h"

namespace gyroseg {
namespace {

using torch::Tensor;
using Kind = PickleValue::Kind;

// Both formats are little endian, and storages are copied as they lie in memory.
static_assert(std::endian::native == std::endian::little);

/// That of ResNet-152 has 0.1 MiB; a value takes some 300 bytes here.
constexpr std::uint64_t kLongestPickle = std::uint64_t{4} << 20;

/// 0x1950a86a20f9469cfc6c, the first pickle of a legacy file.
constexpr std::string_view kLegacyMagic{"\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10};
constexpr std::int64_t kLegacyVersion = 1001;

template <typename... Parts>
[[noreturn]] void fail_on_file(const Parts&... parts) {
  throw std::invalid_argument(c10::str(parts...));
}

std::uint64_t bytes_of(const PickledStorage& storage) {
  std::uint64_t bytes = 0;
  if (__builtin_mul_overflow(static_cast<std::uint64_t>(storage.size),
                             c10::elementSize(storage.dtype), &bytes)) {
    fail_on_file("storage ", storage.key, " of ", storage.size, " elements");
  }
  return bytes;
}

/// A storage as a tensor [size], memory for it checked by the caller, filled by `read`.
Tensor filled(const PickledStorage& storage, const std::function<void(void*)>& read) {
  Tensor data = torch::empty({storage.size}, torch::TensorOptions(storage.dtype));
  if (storage.size > 0) read(data.data_ptr());
  if (storage.dtype == torch::kBool) {
    const auto* bytes = static_cast<const std::uint8_t*>(data.data_ptr());
    if (std::any_of(bytes, bytes + data.numel(), [](std::uint8_t b) { return b > 1; })) {
      fail_on_file("storage ", storage.key, ": a bool is neither 0 nor 1");
    }
  }
  return data;
}

const PickleValue* entry_of(const PickleValue& dict, const std::string& name) {
  const PickleValue* found = nullptr;
  for (const auto& [key, value] : dict.entries) {
    if (key->kind == Kind::text && key->text == name) found = value;
  }
  return found;
}

/// The dict of names to tensors in what was saved, which may be a checkpoint that holds it.
const PickleValue& state_dict(const PickleValue& saved) {
  if (saved.kind != Kind::dict) fail_on_file("it holds no dict of names to tensors");
  for (const char* name : {"state_dict", "model_state_dict", "model", "net"}) {
    const PickleValue* inner = entry_of(saved, name);
    if (inner != nullptr && inner->kind == Kind::dict) return *inner;
  }
  return saved;
}

/// What a message shows of a name in a file: one line of it.
std::string shown(const std::string& name) {
  constexpr std::size_t kLongest = 80;
  std::string text = name.substr(0, kLongest);
  std::replace_if(text.begin(), text.end(), [](unsigned char c) { return c < ' '; }, '?');
  return text + (name.size() > kLongest ? "..." : "");
}

/// load: the data [size] of a storage.
TensorFile tensors_of(const PickleValue& saved,
                      const std::function<Tensor(const PickledStorage&)>& load) {
  TensorFile file;
  std::map<std::string, Tensor> loaded;
  for (const auto& [key, value] : state_dict(saved).entries) {
    if (key->kind != Kind::text || value->kind != Kind::tensor) {
      fail_on_file("expected names with tensors, found ",
           key->kind == Kind::text ? shown(key->text) + " with something else" : "another key",
           "; torch.save(model.state_dict(), FILE) writes what is expected");
    }
    const PickledStorage& storage = value->storage;
    if (!loaded.contains(storage.key)) loaded[storage.key] = load(storage);
    const bool empty = std::count(value->sizes.begin(), value->sizes.end(), 0) > 0;
    file.tensors[key->text] =
        empty ? torch::empty(value->sizes, torch::TensorOptions(storage.dtype))
              : loaded[storage.key].as_strided(value->sizes, value->strides, value->offset);
  }
  return file;
}

TensorFile read_zip(const std::filesystem::path& path) {
  caffe2::serialize::PyTorchStreamReader zip(path.string());
  // torch.save does not compress: records cannot be more than the file.
  std::uint64_t left = std::filesystem::file_size(path);
  const auto size_of = [&](const std::string& name) {
    const std::uint64_t size = zip.getRecordSize(name);
    if (size > left) fail_on_file("record ", name, " of ", size, " bytes is more than the file has");
    left -= size;
    return size;
  };
  if (zip.hasRecord("byteorder")) {
    std::string order(size_of("byteorder"), '\0');
    zip.getRecord("byteorder", order.data(), order.size());
    if (order != "little") fail_on_file("its byte order is not little endian");
  }
  std::string pickle(size_of("data.pkl"), '\0');
  if (pickle.size() > kLongestPickle) fail_on_file("its pickle of ", pickle.size(), " bytes is too long");
  zip.getRecord("data.pkl", pickle.data(), pickle.size());
  PickleReader reader(pickle);
  const PickleValue& saved = reader.read();
  return tensors_of(saved, [&](const PickledStorage& storage) {
    const std::string name = "data/" + storage.key;
    const std::uint64_t size = size_of(name);
    if (size != bytes_of(storage)) {
      fail_on_file("record ", name, " has ", size, " bytes, expected ", bytes_of(storage));
    }
    return filled(storage, [&](void* to) { zip.getRecord(name, to, size); });
  });
}

/// A legacy file: three pickles about the format, that of the dict, that of the keys of its
/// storages, then for each its number of elements (8 bytes) and its data.
class LegacyFile {
 public:
  explicit LegacyFile(const std::filesystem::path& path)
      : in_(path, std::ios::binary), size_(std::filesystem::file_size(path)) {
    start_.resize(std::min(size_, kLongestPickle));
    read_at(0, start_.data(), start_.size());
  }

  TensorFile read() {
    PickleReader reader(start_);
    const PickleValue& magic = reader.read();
    if (magic.kind != Kind::big || magic.text != kLegacyMagic) fail_on_file("it is no file of torch.save");
    const PickleValue& version = reader.read();
    if (version.kind != Kind::integer || version.integer != kLegacyVersion) {
      fail_on_file("its format is not the one of version ", kLegacyVersion);
    }
    const PickleValue* little = entry_of(dict(reader.read()), "little_endian");
    if (little == nullptr || little->integer != 1) fail_on_file("its byte order is not little endian");
    const PickleValue& saved = reader.read();
    find_storages(reader.read(), reader);
    return tensors_of(saved, [this](const PickledStorage& storage) {
      const auto at = places_.find(storage.key);
      if (at == places_.end()) fail_on_file("the data of storage ", storage.key, " are missing");
      return filled(storage, [&](void* to) { read_at(at->second, to, bytes_of(storage)); });
    });
  }

 private:
  static const PickleValue& dict(const PickleValue& value) {
    if (value.kind != Kind::dict) fail_on_file("it is no file of torch.save");
    return value;
  }

  void read_at(std::uint64_t place, void* to, std::uint64_t size) {
    if (place > size_ || size > size_ - place) fail_on_file("it is cut short");
    in_.seekg(static_cast<std::streamoff>(place));
    in_.read(static_cast<char*>(to), static_cast<std::streamsize>(size));
    if (!in_) fail_on_file("it cannot be read to its end");
  }

  void find_storages(const PickleValue& keys, const PickleReader& reader) {
    if (keys.kind != Kind::list) fail_on_file("its list of storages is none");
    std::uint64_t at = reader.position();
    for (const PickleValue* key : keys.items) {
      const auto storage = reader.storages().find(key->text);
      if (storage == reader.storages().end()) fail_on_file("storage ", key->text, " belongs to no tensor");
      std::int64_t count = 0;
      read_at(at, &count, sizeof count);
      if (count != storage->second.size) {
        fail_on_file("storage ", key->text, " has ", count, " elements, expected ", storage->second.size);
      }
      const std::uint64_t bytes = bytes_of(storage->second);
      at += sizeof count;
      if (bytes > size_ - at) fail_on_file("it is cut short");
      if (!places_.emplace(key->text, at).second) fail_on_file("storage ", key->text, " stands twice");
      at += bytes;
    }
  }

  std::ifstream in_;
  std::uint64_t size_;
  std::string start_;
  std::map<std::string, std::uint64_t> places_;
};

bool starts_as_zip(const std::filesystem::path& path) {
  std::array<char, 4> start{};
  std::ifstream(path, std::ios::binary).read(start.data(), start.size());
  return std::string_view(start.data(), start.size()) == std::string_view("PK\x03\x04", 4);
}

}  // namespace

TensorFile read_torch_file(const std::filesystem::path& path) {
  try {
    return starts_as_zip(path) ? read_zip(path) : LegacyFile(path).read();
  } catch (const std::invalid_argument& error) {
    throw WeightsError(path.string() + ": not a state dict of torch.save, or damaged: " +
                       error.what());
  } catch (const std::filesystem::filesystem_error& error) {
    throw WeightsError(path.string() + ": cannot be read: " + error.code().message());
  } catch (const c10::Error& error) {
    const std::string what = error.what_without_backtrace();
    throw WeightsError(path.string() +
                       ": damaged or cut short: " + what.substr(0, what.find('\n')));
  }
}

}  // namespace gyroseg
