#pragma once

#include <opencv2/core.hpp>

namespace gyroseg {

/// The loader has its own threads; OpenCV's would fight with them and with training.
inline void keep_opencv_single_threaded() {
  static const bool once = [] {
    cv::setNumThreads(0);
    return true;
  }();
  static_cast<void>(once);
}

}  // namespace gyroseg
