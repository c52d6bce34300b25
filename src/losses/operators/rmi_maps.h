#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <torch/types.h>

#include "label_tree.h"
#include "rmi_kernel.h"

namespace gyroseg::losses {

/// Nodes whose maps are pooled together where their logits lie side by side (channels_last): they
/// share cache lines.
inline constexpr int kGroup = 16;

/// The pooled maps of one node in one image.
struct RmiMaps {
  std::vector<double> y;             ///< [h*w] label
  std::vector<double> p;             ///< [h*w] probability, less its mean over the map
  std::vector<double> slope;         ///< [h*w] maxima: dp/dz at the pixel that holds the maximum
  std::vector<std::int32_t> holder;  ///< [h*w] maxima: that pixel, -1 without a valid one
};

/// Logits and labels of one image, and the nodes [first, first + count) of a task.
template <typename T>
struct RmiImage {
  const T* logits;             ///< of node `first`
  std::int64_t channel;        ///< strides
  std::int64_t pixel;
  const std::int64_t* labels;  ///< [H*W]
  std::int64_t height;
  std::int64_t width;
  int count;
};

/// Body(first pixel row, end, first pixel column, end, window number) for each window.
template <typename T, typename Body>
void for_each_window(const RmiImage<T>& image, const RmiSettings& s, const Body& body) {
  const std::int64_t pad = s.pool / 2;
  std::int64_t window = 0;
  for (std::int64_t i = 0; i < s.pooled(image.height); ++i) {
    const std::int64_t top = i * s.stride - pad;
    const std::int64_t bottom = std::min(image.height, top + s.pool);
    for (std::int64_t j = 0; j < s.pooled(image.width); ++j) {
      const std::int64_t left = j * s.stride - pad;
      body(std::max<std::int64_t>(top, 0), bottom, std::max<std::int64_t>(left, 0),
           std::min(image.width, left + s.pool), window++);
    }
  }
}

/// on_path: [S,V] of the task's first node, rows of `nodes`. kCount: the most nodes of a task; 1 is
/// worth its own code.
template <int kCount, typename T>
void pool_maxima(const RmiImage<T>& image, const RmiSettings& s, const std::uint8_t* on_path,
                 int nodes, std::vector<RmiMaps>& maps) {
  const int count = kCount == 1 ? 1 : image.count;
  for_each_window(image, s, [&](std::int64_t top, std::int64_t bottom, std::int64_t left,
                                std::int64_t right, std::int64_t window) {
    T best[kCount];
    std::int32_t holder[kCount];
    std::uint8_t hit[kCount] = {};
    std::fill_n(best, kCount, -std::numeric_limits<T>::infinity());
    std::fill_n(holder, kCount, -1);
    for (std::int64_t y = top; y < bottom; ++y) {
      for (std::int64_t at = y * image.width + left; at < y * image.width + right; ++at) {
        if (image.labels[at] == s.ignore) {
          continue;
        }
        const T* z = image.logits + at * image.pixel;
        const std::uint8_t* on = on_path + (image.labels[at] + 1) * nodes;
        for (int g = 0; g < count; ++g) {
          const T value = z[g * image.channel];
          const bool better = value > best[g] || value != value;  // a NaN comes through
          best[g] = better ? value : best[g];
          holder[g] = better ? static_cast<std::int32_t>(at) : holder[g];
          hit[g] |= on[g];
        }
      }
    }
    for (int g = 0; g < count; ++g) {
      const double sigmoid = 1.0 / (1.0 + std::exp(-static_cast<double>(best[g])));
      maps[g].y[window] = hit[g];
      maps[g].p[window] = sigmoid + kRmiFloor;
      maps[g].slope[window] = sigmoid * (1.0 - sigmoid);
      maps[g].holder[window] = holder[g];
    }
  });
}

template <int kCount, typename T>
void pool_averages(const RmiImage<T>& image, const RmiSettings& s, const std::uint8_t* on_path,
                   int nodes, std::vector<RmiMaps>& maps) {
  const int count = kCount == 1 ? 1 : image.count;
  const double share = 1.0 / static_cast<double>(s.pool * s.pool);  // the padding counts
  for_each_window(image, s, [&](std::int64_t top, std::int64_t bottom, std::int64_t left,
                                std::int64_t right, std::int64_t window) {
    double sum[kCount];
    double hits[kCount] = {};
    std::fill_n(sum, kCount, kRmiFloor * static_cast<double>((bottom - top) * (right - left)));
    for (std::int64_t y = top; y < bottom; ++y) {
      for (std::int64_t at = y * image.width + left; at < y * image.width + right; ++at) {
        if (image.labels[at] == s.ignore) {
          continue;
        }
        const T* z = image.logits + at * image.pixel;
        const std::uint8_t* on = on_path + (image.labels[at] + 1) * nodes;
        for (int g = 0; g < count; ++g) {
          sum[g] += 1.0 / (1.0 + std::exp(-static_cast<double>(z[g * image.channel])));
          hits[g] += on[g];
        }
      }
    }
    for (int g = 0; g < count; ++g) {
      maps[g].y[window] = hits[g] * share;
      maps[g].p[window] = sum[g] * share;
    }
  });
}

template <int kCount, typename T>
void pool(const RmiImage<T>& image, const RmiSettings& s, const std::uint8_t* on_path, int nodes,
          std::vector<RmiMaps>& maps) {
  if (s.average) {
    pool_averages<kCount>(image, s, on_path, nodes, maps);
  } else {
    pool_maxima<kCount>(image, s, on_path, nodes, maps);
  }
}

/// Adds dp/dz times by_map [h*w] to a node's gradient, whose pixels have the stride `pixel`.
template <typename T>
void push_to_maxima(const RmiMaps& maps, const std::vector<double>& by_map, std::int64_t pixel,
                    T* gradient) {
  for (std::size_t i = 0; i < by_map.size(); ++i) {
    if (maps.holder[i] >= 0) {
      gradient[maps.holder[i] * pixel] += static_cast<T>(by_map[i] * maps.slope[i]);
    }
  }
}

template <typename T>
void push_to_averages(const RmiImage<T>& image, const RmiSettings& s, int g,
                      const std::vector<double>& by_map, std::int64_t pixel, T* gradient) {
  const double share = 1.0 / static_cast<double>(s.pool * s.pool);
  for_each_window(image, s, [&](std::int64_t top, std::int64_t bottom, std::int64_t left,
                                std::int64_t right, std::int64_t window) {
    for (std::int64_t y = top; y < bottom; ++y) {
      for (std::int64_t at = y * image.width + left; at < y * image.width + right; ++at) {
        if (image.labels[at] != s.ignore) {
          const double z = static_cast<double>(image.logits[at * image.pixel + g * image.channel]);
          const double sigmoid = 1.0 / (1.0 + std::exp(-z));
          gradient[at * pixel] +=
              static_cast<T>(by_map[window] * share * sigmoid * (1.0 - sigmoid));
        }
      }
    }
  });
}

}  // namespace gyroseg::losses
