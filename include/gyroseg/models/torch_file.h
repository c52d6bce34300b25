#pragma once

#include <filesystem>

#include "gyroseg/models/safetensors.h"

namespace gyroseg {

/// Reads a state dict that torch.save wrote, such as torchvision's .pth files: the zip format, and
/// the legacy one from before PyTorch 1.6. Nothing in the file is executed: its pickle goes through
/// a reader that knows state dicts only (src/models/pickle_reader.h).
///
///   Content  a dict of names to tensors, or one that holds such a dict as `state_dict` or `model`
///   dtypes   those of read_safetensors. Tensors lie on the CPU; they may share memory and have any
///            strides, as in the file
///   Checks   every size and offset against the file before memory is taken: at most the file's
///            own length for data, and some 1 GiB for whatever stands in the pickle. Not the data
///            themselves: `scripts/fetch_weights FILE` compares a file's SHA-256 with its name
///   Throws   WeightsError
[[nodiscard]] TensorFile read_torch_file(const std::filesystem::path& path);

}  // namespace gyroseg
