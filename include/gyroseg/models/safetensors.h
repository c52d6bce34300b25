#pragma once

#include <torch/types.h>

#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>

namespace gyroseg {

/// A weight file is wrong or cannot be read or written. what() is one line, the file first.
class WeightsError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Content of a safetensors file.
struct TensorFile {
  std::map<std::string, torch::Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// Reads a safetensors file: 8 bytes header length (little endian), JSON header, raw data.
///
///   dtypes   F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL; tensors come back contiguous on the CPU
///   Checks   the whole header before any data is believed: lengths, names given twice, dtypes,
///            shapes against sizes, data covered once and without gaps
///   Throws   WeightsError
[[nodiscard]] TensorFile read_safetensors(const std::filesystem::path& path);

/// The metadata alone, without reading the data. Checks and throws as read_safetensors.
[[nodiscard]] std::map<std::string, std::string> read_safetensors_metadata(const std::filesystem::path& path);

/// Writes a safetensors file that the Python package reads. The same content gives the same bytes.
/// Tensors on any device, in any layout. A file at `path` is replaced at once or not at all.
///
///   Throws   WeightsError where the disk refuses; c10::ValueError on a dtype outside the list
///            above, a name that is not UTF-8 or is "__metadata__"
void write_safetensors(const std::filesystem::path& path, const TensorFile& file);

}  // namespace gyroseg
