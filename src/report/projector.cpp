#include "gyroseg/report/projector.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <torch/types.h>

#include "gyroseg/data/file_bytes.h"
#include "gyroseg/data/image_io.h"

namespace gyroseg {
namespace {

constexpr std::int64_t kLargestSprite = 8192;

std::int64_t tiles_a_row(std::int64_t count) {
  return static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(count))));
}

void check(const ProjectorPoints& p) {
  TORCH_CHECK_VALUE(p.points.dim() == 2 && p.points.size(0) > 0 && p.points.is_floating_point(),
                    "write_projector: expected floating points [N,D], got ", p.points.sizes(), " ",
                    p.points.scalar_type());
  const std::int64_t count = p.points.size(0);
  // The page takes a single column for a list without a header.
  TORCH_CHECK_VALUE(p.columns.size() >= 2, "write_projector: expected two or more columns, got ",
                    p.columns.size());
  TORCH_CHECK_VALUE(static_cast<std::int64_t>(p.rows.size()) == count,
                    "write_projector: expected ", count, " rows, got ", p.rows.size());
  for (const std::vector<std::string>& row : p.rows) {
    TORCH_CHECK_VALUE(row.size() == p.columns.size(), "write_projector: expected ",
                      p.columns.size(), " cells a row, got ", row.size());
  }
  const torch::Tensor& t = p.thumbnails;
  TORCH_CHECK_VALUE(t.dim() == 4 && t.size(0) == count && t.size(1) > 0 &&
                        t.size(1) == t.size(2) && t.size(3) == 3 &&
                        t.scalar_type() == torch::kUInt8,
                    "write_projector: expected thumbnails [", count, ",S,S,3] uint8, got ",
                    t.sizes(), " ", t.scalar_type());
  TORCH_CHECK_VALUE(tiles_a_row(count) * t.size(1) <= kLargestSprite,
                    "write_projector: the sprite of ", count, " thumbnails of ", t.size(1),
                    " pixels is wider than ", kLargestSprite);
}

// %.9g gives the same float32 back.
std::string points_tsv(const torch::Tensor& points) {
  const torch::Tensor rows = points.detach().to(torch::kCPU, torch::kFloat32).contiguous();
  const auto* value = rows.const_data_ptr<float>();
  std::string text;
  char number[24];
  for (std::int64_t i = 0; i < rows.size(0); ++i) {
    for (std::int64_t d = 0; d < rows.size(1); ++d, ++value) {
      std::snprintf(number, sizeof number, "%.9g", static_cast<double>(*value));
      text += number;
      text += d + 1 < rows.size(1) ? '\t' : '\n';
    }
  }
  return text;
}

std::string tsv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (std::string cell : cells) {
    std::replace_if(cell.begin(), cell.end(),
                    [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
    line += (line.empty() ? "" : "\t") + cell;
  }
  return line + "\n";
}

std::string metadata_tsv(const ProjectorPoints& p) {
  std::string text = tsv_line(p.columns);
  for (const std::vector<std::string>& row : p.rows) {
    text += tsv_line(row);
  }
  return text;
}

// [N,S,S,3] -> [R S, R S, 3], row by row; black after the last.
torch::Tensor sprite_of(const torch::Tensor& thumbnails) {
  const std::int64_t side = tiles_a_row(thumbnails.size(0));
  const std::int64_t size = thumbnails.size(1);
  torch::Tensor tiles = torch::zeros({side * side, size, size, 3}, torch::kUInt8);
  tiles.narrow(0, 0, thumbnails.size(0)).copy_(thumbnails);
  return tiles.view({side, side, size, size, 3})
      .permute({0, 2, 1, 3, 4})
      .reshape({side * size, side * size, 3});
}

// A string of protocol buffers' text format.
std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    result += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c == '\n' ? ' ' : c);
  }
  return result + "\"";
}

std::string config_of(const ProjectorPoints& p) {
  const std::string side = std::to_string(p.thumbnails.size(1));
  return "embeddings {\n  tensor_name: " + quoted(p.name) +
         "\n  tensor_path: \"tensors.tsv\"\n  metadata_path: \"metadata.tsv\"\n"
         "  sprite {\n    image_path: \"sprite.png\"\n    single_image_dim: " +
         side + "\n    single_image_dim: " + side + "\n  }\n}\n";
}

}  // namespace

void write_projector(const std::filesystem::path& folder, const ProjectorPoints& points) {
  check(points);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw DataError(folder.string() + ": cannot make the folder of the projector: " +
                    error.message());
  }
  write_text(folder / "tensors.tsv", points_tsv(points.points));
  write_text(folder / "metadata.tsv", metadata_tsv(points));
  write_image(folder / "sprite.png", sprite_of(points.thumbnails));
  write_text(folder / "projector_config.pbtxt", config_of(points));
}

}  // namespace gyroseg
