#include "gyroseg/metrics/metrics_report.h"

namespace gyroseg {

std::vector<std::pair<std::string, std::optional<double>>> image_numbers(const LevelReport& level) {
  std::vector<std::pair<std::string, std::optional<double>>> numbers;
  for (const ImageFigure& figure : kImageFigures) {
    const std::optional<ImageSpread>& spread = level.*figure.spread;
    numbers.emplace_back(figure.name, spread ? std::optional(spread->mean) : std::nullopt);
    numbers.emplace_back(std::string(figure.name) + "_std", spread ? std::optional(spread->deviation) : std::nullopt);
  }
  return numbers;
}

}  // namespace gyroseg
