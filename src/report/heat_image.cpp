#include <torch/types.h>
#include <torch/utils.h>

#include <opencv2/imgproc.hpp>

#include "gyroseg/report/distribution_figures.h"

namespace gyroseg {

torch::Tensor heat_image(const torch::Tensor& values, double low, double high) {
  TORCH_CHECK_VALUE(values.dim() == 2 && values.is_floating_point(), "heat_image: expected [H,W] floats, got ",
                    values.sizes());
  TORCH_CHECK_VALUE(low < high, "heat_image: expected low < high, got ", low, " and ", high);
  const torch::Tensor bytes = ((values.cpu() - low) / (high - low) * 255)
                                  .nan_to_num(0)
                                  .round()
                                  .clamp(0, 255)
                                  .to(torch::kUInt8)
                                  .contiguous();
  const cv::Mat grey(static_cast<int>(bytes.size(0)), static_cast<int>(bytes.size(1)), CV_8UC1,
                     bytes.data_ptr<std::uint8_t>());
  const torch::Tensor bgr = torch::empty({bytes.size(0), bytes.size(1), 3}, torch::kUInt8);
  cv::Mat colored(grey.rows, grey.cols, CV_8UC3, bgr.data_ptr<std::uint8_t>());
  cv::applyColorMap(grey, colored, cv::COLORMAP_CIVIDIS);
  TORCH_INTERNAL_ASSERT(colored.data == bgr.data_ptr<std::uint8_t>());
  return bgr.flip({2});
}

}  // namespace gyroseg
