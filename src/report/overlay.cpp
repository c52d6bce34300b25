#include "gyroseg/report/overlay.h"

#include <torch/types.h>

namespace gyroseg {
namespace {

// Colours of `palette` with black as the last row, for negative classes: [n+1,3] uint8.
torch::Tensor table_of(const std::vector<Rgb>& palette) {
  torch::Tensor table =
      torch::zeros({static_cast<std::int64_t>(palette.size()) + 1, 3}, torch::kUInt8);
  auto cells = table.accessor<std::uint8_t, 2>();
  for (std::size_t i = 0; i < palette.size(); ++i) {
    for (int channel = 0; channel < 3; ++channel) {
      cells[static_cast<std::int64_t>(i)][channel] = palette[i][channel];
    }
  }
  return table;
}

torch::Tensor to_bytes(const torch::Tensor& values) {
  return values.round().clamp(0, 255).to(torch::kUInt8);
}

}  // namespace

torch::Tensor colored(const torch::Tensor& classes, const std::vector<Rgb>& palette) {
  TORCH_CHECK_VALUE(classes.dim() == 2 && classes.scalar_type() == torch::kInt64,
                    "colored: classes must be int64 [H,W], got ", classes.scalar_type(), " ",
                    classes.sizes());
  const auto size = static_cast<std::int64_t>(palette.size());
  if (classes.numel() > 0) {
    const auto largest = classes.max().item<std::int64_t>();
    TORCH_CHECK_VALUE(largest < size, "colored: class ", largest, " is past the palette of ", size,
                      " colours");
  }
  const torch::Tensor rows = torch::where(classes.ge(0), classes, size).cpu();
  return table_of(palette)
      .index_select(0, rows.flatten())
      .view({classes.size(0), classes.size(1), 3});
}

torch::Tensor overlay(const torch::Tensor& image, const torch::Tensor& classes,
                      const std::vector<Rgb>& palette, double alpha) {
  TORCH_CHECK_VALUE(image.dim() == 3 && image.size(2) == 3 && image.scalar_type() == torch::kUInt8,
                    "overlay: image must be uint8 [H,W,3], got ", image.scalar_type(), " ",
                    image.sizes());
  TORCH_CHECK_VALUE(classes.sizes() == image.sizes().slice(0, 2), "overlay: image is ",
                    image.sizes(), ", classes are ", classes.sizes());
  TORCH_CHECK_VALUE(alpha >= 0 && alpha <= 1, "overlay: expected alpha in [0,1], got ", alpha);
  const torch::Tensor pixels = image.cpu();
  const torch::Tensor colors = colored(classes, palette).to(torch::kFloat32);
  const torch::Tensor blended = to_bytes(pixels.to(torch::kFloat32) * (1 - alpha) + colors * alpha);
  return torch::where(classes.ge(0).cpu().unsqueeze(2), blended, pixels);
}

torch::Tensor confidence_image(const torch::Tensor& confidence, ConfidenceColors colors) {
  TORCH_CHECK_VALUE(confidence.dim() == 2 && confidence.is_floating_point(),
                    "confidence_image: confidence must be floating [H,W], got ",
                    confidence.scalar_type(), " ", confidence.sizes());
  const torch::Tensor value =
      confidence.cpu().to(torch::kFloat32).nan_to_num(0.0).clamp(0, 1).unsqueeze(2);
  if (colors == ConfidenceColors::grey) {
    return to_bytes(value * 255).expand({-1, -1, 3}).contiguous();
  }
  // Five colours of rising brightness at 0, 1/4, ..., 1, joined by straight lines.
  const torch::Tensor stops = torch::tensor(
      {{0, 0, 0}, {74, 12, 107}, {190, 55, 82}, {249, 142, 9}, {252, 255, 164}}, torch::kFloat32);
  const torch::Tensor place = value.squeeze(2) * 4;
  const torch::Tensor below = place.floor().clamp(0, 3).to(torch::kInt64);
  const torch::Tensor share = (place - below).unsqueeze(2);
  return to_bytes(stops.index({below}) * (1 - share) + stops.index({below + 1}) * share);
}

}  // namespace gyroseg
