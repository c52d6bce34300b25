#include "rmi_kernel.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include <ATen/Parallel.h>
#include <torch/types.h>

#include "pixel_tiles.h"
#include "rmi_maps.h"

namespace gyroseg::losses {
namespace {

/// A map's patches: entry i of patch (row, column) is at[i][row * width + column], the y first.
struct Patches {
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t width;
  std::vector<const double*> at;  ///< [2n]

  Patches(const RmiSettings& s, std::int64_t height, std::int64_t w, const RmiMaps& maps)
      : rows(height - s.radius + 1), columns(w - s.radius + 1), width(w) {
    for (const std::vector<double>* map : {&maps.y, &maps.p}) {
      for (std::int64_t i = 0; i < s.dimensions(); ++i) {
        at.push_back(map->data() + i / s.radius * width + i % s.radius);
      }
    }
  }
};

constexpr int kLanes = 32;  ///< independent sums: enough to keep the adders busy

GYROSEG_CPU_VERSIONS double product(const double* a, const double* b, std::int64_t rows,
                                    std::int64_t columns, std::int64_t width) {
  double lanes[kLanes] = {};
  double rest = 0.0;
  for (std::int64_t y = 0; y < rows; ++y, a += width, b += width) {
    std::int64_t x = 0;
    for (; x + kLanes <= columns; x += kLanes) {
      for (int l = 0; l < kLanes; ++l) {
        lanes[l] += a[x + l] * b[x + l];
      }
    }
    for (; x < columns; ++x) {
      rest += a[x] * b[x];
    }
  }
  return std::accumulate(lanes, lanes + kLanes, rest);
}

/// out += constant + sum_i coefficient_i at[i], for every patch.
GYROSEG_CPU_VERSIONS void add_combination(const Patches& patches, const double* coefficients,
                                          double constant, double* out) {
  const std::size_t count = patches.at.size();
  for (std::int64_t y = 0; y < patches.rows; ++y) {
    const std::int64_t row = y * patches.width;
    for (std::int64_t x = 0; x < patches.columns; x += kLanes) {
      const std::int64_t length = std::min<std::int64_t>(kLanes, patches.columns - x);
      double sums[kLanes];
      std::fill_n(sums, kLanes, constant);
      for (std::size_t i = 0; i < count; ++i) {
        const double* values = patches.at[i] + row + x;
        const double c = coefficients[i];
        if (length == kLanes) {
          for (int l = 0; l < kLanes; ++l) {
            sums[l] += c * values[l];
          }
        } else {
          for (std::int64_t l = 0; l < length; ++l) {
            sums[l] += c * values[l];
          }
        }
      }
      for (std::int64_t l = 0; l < length; ++l) {
        out[row + x + l] += sums[l];
      }
    }
  }
}

double sum_of(const double* values, const Patches& patches) {
  double sum = 0.0;
  for (std::int64_t y = 0; y < patches.rows; ++y) {
    sum = std::accumulate(values + y * patches.width,
                          values + y * patches.width + patches.columns, sum);
  }
  return sum;
}

void scatter_of(const Patches& patches, double* products, double* means) {
  const auto count = static_cast<double>(patches.rows * patches.columns);
  const std::size_t size = patches.at.size();
  for (std::size_t i = 0; i < size; ++i) {
    means[i] = sum_of(patches.at[i], patches) / count;
    for (std::size_t j = 0; j <= i; ++j) {
      const double centred =
          product(patches.at[i], patches.at[j], patches.rows, patches.columns, patches.width) -
          count * means[i] * means[j];
      products[i * size + j] = centred;
      products[j * size + i] = centred;
    }
  }
}

/// The gradient by the map p, from that by its patches.
void by_map_of(const Patches& patches, const RmiSettings& s, const double* by_patch,
               const double* means, std::vector<double>& by_map) {
  std::fill(by_map.begin(), by_map.end(), 0.0);
  const std::size_t size = patches.at.size();
  for (std::int64_t i = 0; i < s.dimensions(); ++i) {
    const double* coefficients = by_patch + i * size;
    add_combination(patches, coefficients,
                    -std::inner_product(coefficients, coefficients + size, means, 0.0),
                    by_map.data() + i / s.radius * patches.width + i % s.radius);
  }
}

/// Pools the maps of every image and node and calls body(image, first + g, g, its view, its maps).
template <typename T, typename Body>
void for_each_map(const torch::Tensor& logits, const torch::Tensor& labels, const LabelTree& tree,
                  const RmiSettings& s, const Body& body) {
  const std::int64_t height = logits.size(2);
  const std::int64_t width = logits.size(3);
  const std::int64_t size = s.pooled(height) * s.pooled(width);
  const int nodes = tree.nodes;
  const int group = logits.stride(1) == 1 ? std::min(kGroup, nodes) : 1;
  const std::int64_t groups = (nodes + group - 1) / group;
  std::vector<std::uint8_t> on_path(static_cast<std::size_t>(tree.rows()) * nodes, 0);
  for (int row = 1; row < tree.rows(); ++row) {
    for (int v = 0; v < nodes; ++v) {
      on_path[row * nodes + v] = tree.on_path(v, row) ? 1 : 0;
    }
  }
  const T* data = logits.const_data_ptr<T>();
  const std::int64_t* label = labels.const_data_ptr<std::int64_t>();
  at::parallel_for(0, logits.size(0) * groups, 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<RmiMaps> maps(group);
    for (RmiMaps& m : maps) {
      m.y.resize(size);
      m.p.resize(size);
      m.slope.resize(s.average ? 0 : size);
      m.holder.resize(s.average ? 0 : size);
    }
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t image = task / groups;
      const int first = static_cast<int>(task % groups) * group;
      const RmiImage<T> view{data + image * logits.stride(0) + first * logits.stride(1),
                             logits.stride(1),
                             pixel_stride(logits),
                             label + image * height * width,
                             height,
                             width,
                             std::min(group, nodes - first)};
      if (group == 1) {
        pool<1>(view, s, on_path.data() + first, nodes, maps);
      } else {
        pool<kGroup>(view, s, on_path.data() + first, nodes, maps);
      }
      for (int g = 0; g < view.count; ++g) {
        // Scatter does not see a constant, rounding does.
        const double mean =
            std::accumulate(maps[g].p.begin(), maps[g].p.end(), 0.0) / static_cast<double>(size);
        for (double& p : maps[g].p) {
          p -= mean;
        }
        body(image, first + g, g, view, maps[g]);
      }
    }
  });
}

template <typename T>
RmiScatter scatter_all(const torch::Tensor& logits, const torch::Tensor& labels,
                       const LabelTree& tree, const RmiSettings& s) {
  const std::int64_t maps = logits.size(0) * logits.size(1);
  const std::int64_t size = 2 * s.dimensions();
  const auto options = torch::TensorOptions().dtype(torch::kFloat64);
  RmiScatter scatter{torch::empty({maps, size, size}, options),
                     torch::empty({maps, size}, options)};
  auto* products = scatter.products.mutable_data_ptr<double>();
  auto* means = scatter.means.mutable_data_ptr<double>();
  for_each_map<T>(logits, labels, tree, s,
                  [&](std::int64_t image, int v, int, const RmiImage<T>& view, const RmiMaps& m) {
                    const std::int64_t map = image * tree.nodes + v;
                    const Patches patches(s, s.pooled(view.height), s.pooled(view.width), m);
                    scatter_of(patches, products + map * size * size, means + map * size);
                  });
  return scatter;
}

template <typename T>
void gradient_all(const torch::Tensor& logits, const torch::Tensor& labels, const LabelTree& tree,
                  const RmiSettings& s, const double* by_patch, const double* means,
                  torch::Tensor& gradient) {
  const std::int64_t size = 2 * s.dimensions();
  T* out = gradient.mutable_data_ptr<T>();
  for_each_map<T>(
      logits, labels, tree, s,
      [&](std::int64_t image, int v, int g, const RmiImage<T>& view, const RmiMaps& m) {
        const std::int64_t map = image * tree.nodes + v;
        const Patches patches(s, s.pooled(view.height), s.pooled(view.width), m);
        std::vector<double> by_map(m.p.size());
        by_map_of(patches, s, by_patch + map * s.dimensions() * size, means + map * size, by_map);
        T* target = out + image * gradient.stride(0) + v * gradient.stride(1);
        if (s.average) {
          push_to_averages(view, s, g, by_map, pixel_stride(gradient), target);
        } else {
          push_to_maxima(m, by_map, pixel_stride(gradient), target);
        }
      });
}

}  // namespace

RmiScatter rmi_scatter_cpu(const torch::Tensor& logits, const torch::Tensor& labels,
                           const LabelTree& tree, const RmiSettings& settings) {
  return logits.scalar_type() == torch::kFloat64
             ? scatter_all<double>(logits, labels, tree, settings)
             : scatter_all<float>(logits, labels, tree, settings);
}

torch::Tensor rmi_gradient_cpu(const torch::Tensor& logits, const torch::Tensor& labels,
                               const LabelTree& tree, const RmiSettings& settings,
                               const torch::Tensor& by_patch, const torch::Tensor& means) {
  torch::Tensor gradient = empty_gradient(logits).zero_();
  const auto* rates = by_patch.const_data_ptr<double>();
  const auto* mean = means.const_data_ptr<double>();
  if (logits.scalar_type() == torch::kFloat64) {
    gradient_all<double>(logits, labels, tree, settings, rates, mean, gradient);
  } else {
    gradient_all<float>(logits, labels, tree, settings, rates, mean, gradient);
  }
  return gradient;
}

}  // namespace gyroseg::losses
