#include "gyroseg/models/safetensors.h"

#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>
#include <c10/util/StringUtil.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <ios>
#include <system_error>
#include <utility>
#include <vector>

#include "safetensors_header.h"

namespace gyroseg {
namespace {

using torch::Tensor;

// The format is little endian, and tensors are copied as they lie in memory.
static_assert(std::endian::native == std::endian::little);

constexpr std::uint64_t kLengthBytes = 8;
/// The Python package refuses longer headers too.
constexpr std::uint64_t kLongestHeader = 100'000'000;

template <typename... Parts>
[[noreturn]] void fail_on(const std::filesystem::path& path, const Parts&... parts) {
  throw WeightsError(c10::str(path.string(), ": ", parts...));
}

/// A file being written under a temporary name beside its final one. Gone unless `commit` was
/// reached.
class PendingFile {
 public:
  explicit PendingFile(const std::filesystem::path& path)
      : path_(path), temporary_(path.string() + ".tmp" + std::to_string(::getpid())) {
    file_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file_ < 0) give_up();
  }
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;
  ~PendingFile() {
    if (file_ >= 0) ::close(file_);
    if (!committed_) ::unlink(temporary_.c_str());
  }

  void write(const void* data, std::size_t size) {
    const char* at = static_cast<const char*>(data);
    while (size > 0) {
      const ssize_t written = ::write(file_, at, size);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) give_up();
      at += written;
      size -= static_cast<std::size_t>(written);
    }
  }

  void commit() {
    if (::fsync(file_) != 0) give_up();
    if (::close(std::exchange(file_, -1)) != 0) give_up();
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) give_up();
    committed_ = true;
  }

 private:
  [[noreturn]] void give_up() const {
    fail_on(path_, "cannot be written: ", std::generic_category().message(errno));
  }

  std::filesystem::path path_;
  std::string temporary_;
  int file_ = -1;
  bool committed_ = false;
};

std::uint64_t size_of(const std::filesystem::path& path) {
  std::error_code error;
  const bool regular = std::filesystem::is_regular_file(path, error);
  if (error) fail_on(path, "cannot be read: ", error.message());
  if (!regular) fail_on(path, "cannot be read: not a file");
  const std::uint64_t size = std::filesystem::file_size(path, error);
  if (error) fail_on(path, "cannot be read: ", error.message());
  return size;
}

void read_bytes(std::ifstream& in, const std::filesystem::path& path, void* to,
                std::uint64_t size) {
  in.read(static_cast<char*>(to), static_cast<std::streamsize>(size));
  if (!in) fail_on(path, "cannot be read to its end");
}

SafetensorsHeader read_header(std::ifstream& in, const std::filesystem::path& path) {
  const std::uint64_t file_size = size_of(path);
  if (file_size < kLengthBytes) {
    fail_on(path, "not a safetensors file, or cut short: ", file_size, " bytes");
  }
  std::uint64_t length = 0;
  read_bytes(in, path, &length, kLengthBytes);
  if (length > kLongestHeader || length > file_size - kLengthBytes) {
    fail_on(path, "not a safetensors file, or cut short: a header of ", length, " bytes in a file of ",
         file_size);
  }
  std::string text(length, '\0');
  read_bytes(in, path, text.data(), length);
  try {
    return parse_header(text, file_size - kLengthBytes - length);
  } catch (const std::invalid_argument& error) {
    fail_on(path, "damaged or cut short: ", error.what());
  }
}

Tensor read_tensor(std::ifstream& in, const std::filesystem::path& path, const TensorEntry& entry) {
  Tensor tensor = torch::empty(entry.shape, torch::TensorOptions(entry.dtype));
  read_bytes(in, path, tensor.data_ptr(), tensor.nbytes());
  if (entry.dtype == torch::kBool) {
    const auto* bytes = static_cast<const std::uint8_t*>(tensor.data_ptr());
    if (std::any_of(bytes, bytes + tensor.numel(), [](std::uint8_t b) { return b > 1; })) {
      fail_on(path, "tensor ", entry.name, ": a BOOL is neither 0 nor 1");
    }
  }
  return tensor;
}

}  // namespace

TensorFile read_safetensors(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  SafetensorsHeader header = read_header(in, path);
  TensorFile file;
  file.metadata = std::move(header.metadata);
  for (const TensorEntry& entry : header.entries) {
    file.tensors.emplace(entry.name, read_tensor(in, path, entry));
  }
  return file;
}

std::map<std::string, std::string> read_safetensors_metadata(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return read_header(in, path).metadata;
}

void write_safetensors(const std::filesystem::path& path, const TensorFile& file) {
  std::vector<std::pair<std::string, Tensor>> tensors(file.tensors.begin(), file.tensors.end());
  // Wide dtypes first, so that every tensor begins at a multiple of its element's size.
  std::stable_sort(tensors.begin(), tensors.end(), [](const auto& a, const auto& b) {
    return a.second.element_size() > b.second.element_size();
  });
  SafetensorsHeader header{.entries = {}, .metadata = file.metadata};
  std::uint64_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    TORCH_CHECK_VALUE(!dtype_name(tensor.scalar_type()).empty(), "write_safetensors: ", name,
                      " is ", tensor.scalar_type(), ", which the format does not hold");
    const std::uint64_t end = offset + static_cast<std::uint64_t>(tensor.nbytes());
    header.entries.push_back(
        {name, tensor.scalar_type(), tensor.sizes().vec(), offset, end});
    offset = end;
  }
  const std::string text = format_header(header);
  const std::uint64_t length = text.size();

  PendingFile out(path);
  out.write(&length, kLengthBytes);
  out.write(text.data(), text.size());
  for (const auto& [name, tensor] : tensors) {
    const Tensor plain = tensor.detach().cpu().contiguous();
    out.write(plain.data_ptr(), plain.nbytes());
  }
  out.commit();
}

}  // namespace gyroseg
