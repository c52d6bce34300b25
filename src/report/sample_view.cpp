#include "gyroseg/report/sample_view.h"

#include <torch/types.h>

#include "gyroseg/data/image_io.h"
#include "gyroseg/hierarchy/fold.h"
#include "gyroseg/report/overlay.h"
#include "gyroseg/report/palette.h"

namespace gyroseg {
namespace {

constexpr std::int64_t kGap = 4;  // white pixels between panels
constexpr std::int64_t kWhite = 255;

}  // namespace

void write_sample_view(const std::filesystem::path& file, const Hierarchy& tree,
                       const std::vector<Rgb>& colors, const SampleView& sample) {
  TORCH_CHECK_VALUE(static_cast<int>(sample.predictions.size()) == tree.num_levels(),
                    "write_sample_view: expected predictions of ", tree.num_levels(),
                    " levels, got ", sample.predictions.size());
  const LevelFolder folder(tree);
  const std::int64_t height = sample.labels.size(0);
  const std::int64_t width = sample.labels.size(1);
  const std::int64_t rows = tree.num_levels() * (height + kGap) - kGap;
  const std::int64_t columns = 3 * (width + kGap) - kGap;
  torch::Tensor sheet = torch::full({rows, columns, 3}, kWhite, torch::kUInt8);
  for (int k = 1; k <= tree.num_levels(); ++k) {
    const std::vector<Rgb> palette = level_palette(tree, k, colors);
    const std::vector<torch::Tensor> panels = {
        sample.image, colored(folder.labels(sample.labels, k), palette),
        colored(sample.predictions[k - 1], palette)};
    for (std::size_t i = 0; i < panels.size(); ++i) {
      TORCH_CHECK_VALUE(panels[i].size(0) == height && panels[i].size(1) == width,
                        "write_sample_view: labels are ", sample.labels.sizes(), ", panel ", i,
                        " is ", panels[i].sizes());
      sheet.narrow(0, (k - 1) * (height + kGap), height)
          .narrow(1, static_cast<std::int64_t>(i) * (width + kGap), width)
          .copy_(panels[i]);
    }
  }
  write_image(file, sheet);
}

}  // namespace gyroseg
