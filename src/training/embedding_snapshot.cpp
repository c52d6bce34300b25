#include "gyroseg/training/embedding_snapshot.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>

#include "gyroseg/models/safetensors.h"

namespace gyroseg {
namespace {

constexpr const char* kImageKey = "image.";

std::string exact_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

// The step of "step_K.safetensors".
std::optional<std::int64_t> step_of(const std::filesystem::path& file) {
  const std::string stem = file.stem().string();
  if (file.extension() != ".safetensors" || !stem.starts_with("step_")) {
    return std::nullopt;
  }
  std::int64_t step = 0;
  const auto [end, error] = std::from_chars(stem.data() + 5, stem.data() + stem.size(), step);
  return error == std::errc() && end == stem.data() + stem.size() ? std::optional(step) : std::nullopt;
}

// What a snapshot file holds, or an error that names what it lacks.
class SnapshotFile {
 public:
  explicit SnapshotFile(const std::filesystem::path& path) : path_(path), file_(read_safetensors(path)) {}

  [[nodiscard]] const torch::Tensor& tensor(const std::string& name, std::int64_t rank,
                                            torch::Dtype dtype) const {
    const auto found = file_.tensors.find(name);
    if (found == file_.tensors.end() || found->second.dim() != rank ||
        found->second.scalar_type() != dtype) {
      throw WeightsError(path_.string() + ": is no embedding snapshot: expected a tensor " + name +
                         " with " + std::to_string(rank) + " axes of " + c10::toString(dtype));
    }
    return found->second;
  }

  [[nodiscard]] const std::string& text(const std::string& key) const {
    const auto found = file_.metadata.find(key);
    if (found == file_.metadata.end()) {
      throw WeightsError(path_.string() + ": is no embedding snapshot: expected the metadata " + key);
    }
    return found->second;
  }

  [[nodiscard]] double number(const std::string& key) const {
    return std::strtod(text(key).c_str(), nullptr);
  }

  [[nodiscard]] std::map<std::int64_t, std::string> images() const {
    std::map<std::int64_t, std::string> names;
    for (const auto& [key, name] : file_.metadata) {
      if (key.starts_with(kImageKey)) {
        names[std::strtoll(key.c_str() + std::string(kImageKey).size(), nullptr, 10)] = name;
      }
    }
    return names;
  }

 private:
  std::filesystem::path path_;
  TensorFile file_;
};

}  // namespace

void write_snapshot(const std::filesystem::path& folder, const EmbeddingSnapshot& snapshot) {
  const PixelEmbeddings& pixels = snapshot.pixels;
  std::vector<std::int64_t> sources;
  for (const PrototypeSource source : snapshot.prototypes.sources) {
    sources.push_back(static_cast<std::int64_t>(source));
  }
  TensorFile file;
  file.tensors = {{"tangents", pixels.tangents},
                  {"radius", pixels.radius},
                  {"leaves", pixels.leaves},
                  {"predicted", pixels.predicted},
                  {"confidence", pixels.confidence},
                  {"images", pixels.images},
                  {"rows", pixels.rows},
                  {"columns", pixels.columns},
                  {"prototypes", snapshot.prototypes.tangents},
                  {"prototype_sources", torch::tensor(at::ArrayRef<std::int64_t>(sources))}};
  file.metadata = {{"step", std::to_string(snapshot.step)},
                   {"epoch", exact_number(snapshot.epoch)},
                   {"space", pixels.space},
                   {"curvature", exact_number(pixels.curvature)},
                   {"decode", pixels.decode}};
  for (const auto& [index, name] : pixels.image_names) {
    file.metadata[kImageKey + std::to_string(index)] = name;
  }
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw WeightsError(folder.string() + ": cannot make the folder: " + error.message());
  }
  write_safetensors(folder / ("step_" + std::to_string(snapshot.step) + ".safetensors"), file);
}

EmbeddingSnapshot read_snapshot(const std::filesystem::path& path) {
  const SnapshotFile file(path);
  EmbeddingSnapshot snapshot{
      static_cast<std::int64_t>(file.number("step")),
      file.number("epoch"),
      {file.text("space"), file.number("curvature"), file.text("decode"),
       file.tensor("tangents", 2, torch::kFloat32), file.tensor("radius", 1, torch::kFloat32),
       file.tensor("leaves", 1, torch::kInt64), file.tensor("predicted", 2, torch::kInt64),
       file.tensor("confidence", 1, torch::kFloat32), file.tensor("images", 1, torch::kInt64),
       file.tensor("rows", 1, torch::kInt64), file.tensor("columns", 1, torch::kInt64),
       file.images()},
      {file.tensor("prototypes", 2, torch::kFloat64), {}}};
  const torch::Tensor& sources = file.tensor("prototype_sources", 1, torch::kInt64);
  for (std::int64_t i = 0; i < sources.size(0); ++i) {
    snapshot.prototypes.sources.push_back(
        static_cast<PrototypeSource>(std::clamp<std::int64_t>(sources[i].item<std::int64_t>(), 0, 2)));
  }
  const std::int64_t n = snapshot.pixels.size();
  for (const torch::Tensor& column :
       {snapshot.pixels.radius, snapshot.pixels.leaves, snapshot.pixels.predicted,
        snapshot.pixels.confidence, snapshot.pixels.images, snapshot.pixels.rows,
        snapshot.pixels.columns}) {
    if (column.size(0) != n) {
      throw WeightsError(path.string() + ": is no embedding snapshot: its tensors are of " +
                         std::to_string(n) + " and " + std::to_string(column.size(0)) + " pixels");
    }
  }
  return snapshot;
}

std::vector<std::filesystem::path> snapshot_files(const std::filesystem::path& folder) {
  std::map<std::int64_t, std::filesystem::path> by_step;
  if (std::filesystem::is_directory(folder)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (const std::optional<std::int64_t> step = step_of(entry.path())) {
        by_step[*step] = entry.path();
      }
    }
  }
  std::vector<std::filesystem::path> files;
  for (const auto& [step, file] : by_step) {
    files.push_back(file);
  }
  return files;
}

}  // namespace gyroseg
