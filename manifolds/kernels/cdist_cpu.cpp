#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "manifolds/kernels/ball_pairs.h"
#include "manifolds/kernels/pair_kernels.h"
#include "manifolds/kernels/point_sums.h"

namespace gyroseg::detail {
namespace {

using torch::Tensor;

/// A tile is kRows points against kColumns points. A task takes kTaskRows points against all tiles,
/// so that a tile is read from the first cache several times.
constexpr int64_t kRows = 4, kColumns = 64, kTaskRows = 32;
/// Sums that fit the registers beside kRows; the coordinates of a point are padded to a multiple.
constexpr int64_t kBlock = 16;

/// Points in float64, padded with zeros, once by rows and once by tiles [D,kColumns], with what a
/// distance needs of each.
struct Points {
  template <typename T>
  Points(const T* x, int64_t n, int64_t d, double c)
      : count(n),
        size(round_up(d, kBlock)),
        rows(round_up(n, kColumns) * size),
        tiles(rows.size()),
        gaps(round_up(n, kColumns), 1.0),
        squares(gaps.size()) {
    for (int64_t i = 0; i < n; ++i) {
      const Square square = square_of(x + i * d, d);
      squares[i] = square.sum;
      gaps[i] = gap_of(c, square.sum, square.rest);
      double* tile = tiles.data() + i / kColumns * size * kColumns + i % kColumns;
      for (int64_t k = 0; k < d; ++k) tile[k * kColumns] = rows[i * size + k] = x[i * d + k];
    }
  }

  [[nodiscard]] int64_t tile_count() const { return round_up(count, kColumns) / kColumns; }
  [[nodiscard]] const double* row(int64_t i) const { return rows.data() + i * size; }
  [[nodiscard]] const double* tile(int64_t j) const { return tiles.data() + j * size * kColumns; }

  int64_t count, size;
  std::vector<double> rows, tiles, gaps, squares;
};

using Tile = double[kRows][kColumns];

/// |x - y|^2 of kRows rows and a tile. Direct differences: |x|^2 + |y|^2 - 2<x,y> would lose near
/// pairs.
GYROSEG_INLINE void squared_differences(const double* x, const double* tile, int64_t d, Tile& s) {
  for (int64_t first = 0; first < kColumns; first += kBlock) {
    double sums[kRows][kBlock] = {};
    for (int64_t k = 0; k < d; ++k) {
      const double* y = tile + k * kColumns + first;
#pragma GCC unroll 4
      for (int64_t i = 0; i < kRows; ++i) {
        const double a = x[i * d + k];
#pragma omp simd
        for (int64_t j = 0; j < kBlock; ++j) sums[i][j] += (a - y[j]) * (a - y[j]);
      }
    }
    for (int64_t i = 0; i < kRows; ++i)
      for (int64_t j = 0; j < kBlock; ++j) s[i][first + j] = sums[i][j];
  }
}

/// to += sum over the tile's columns of slope (x - y), for kRows rows of x.
GYROSEG_INLINE void add_pulls(const double* x, const double* y, const Tile& slope, int64_t d,
                              double* to) {
  for (int64_t first = 0; first < d; first += kBlock) {
    double sums[kRows][kBlock] = {};
    for (int64_t j = 0; j < kColumns; ++j) {
      const double* b = y + j * d + first;
#pragma GCC unroll 4
      for (int64_t i = 0; i < kRows; ++i) {
        const double* a = x + i * d + first;
        const double g = slope[i][j];
#pragma omp simd
        for (int64_t k = 0; k < kBlock; ++k) sums[i][k] += g * (a[k] - b[k]);
      }
    }
    for (int64_t i = 0; i < kRows; ++i)
      for (int64_t k = 0; k < kBlock; ++k) to[i * d + first + k] += sums[i][k];
  }
}

template <typename T>
GYROSEG_EVERY_ISA void forward_task(const Points& x, const Points& y, int64_t begin, int64_t end,
                                    double c, T* out) {
  const double scale = 2 / std::sqrt(c);
  Tile s;
  for (int64_t t = 0; t < y.tile_count(); ++t) {
    const int64_t column = t * kColumns, n = std::min(kColumns, y.count - column);
    const double* gaps = y.gaps.data() + column;
    for (int64_t row = begin; row < end; row += kRows) {
      squared_differences(x.row(row), y.tile(t), x.size, s);
      for (int64_t i = 0; i < std::min(kRows, end - row); ++i) {
        T* to = out + (row + i) * y.count + column;
        const double gap = x.gaps[row + i];
#pragma omp simd
        for (int64_t j = 0; j < n; ++j)
          to[j] = static_cast<T>(scale * BallPair(c, gap, gaps[j], s[i][j]).arc);
      }
    }
  }
}

/// Incoming gradient of the pair (row, column).
template <typename T>
struct PairGrad {
  const T* data;
  int64_t row, column;  ///< strides
};

/// The gradient by the points [begin, end) of x into `to` (null: skipped), and the sum of the
/// gradients by c of their pairs.
template <typename T>
GYROSEG_EVERY_ISA double backward_task(const Points& x, const Points& y, PairGrad<T> grad,
                                       int64_t begin, int64_t end, double c, int64_t d, T* to) {
  double by_c = 0;
  std::vector<double> pulls((round_up(end, kRows) - begin) * x.size), own(kTaskRows);
  Tile s, slope;
  for (int64_t t = 0; t < y.tile_count(); ++t) {
    const int64_t column = t * kColumns, n = std::min(kColumns, y.count - column);
    for (int64_t row = begin; row < end; row += kRows) {
      squared_differences(x.row(row), y.tile(t), x.size, s);
      for (int64_t i = 0; i < kRows; ++i) {
        for (int64_t j = 0; j < kColumns; ++j) slope[i][j] = 0;
        if (row + i >= end) continue;
        const T* from = grad.data + (row + i) * grad.row + column * grad.column;
        for (int64_t j = 0; j < n; ++j) slope[i][j] = from[j * grad.column];
        const double gap = x.gaps[row + i], square = x.squares[row + i];
        const double *gaps = y.gaps.data() + column, *squares = y.squares.data() + column;
        double by_c_row = 0, along = 0;
#pragma omp simd reduction(+ : by_c_row, along)
        for (int64_t j = 0; j < n; ++j) {
          const BallPair pair(c, gap, gaps[j], s[i][j]);
          const double g = slope[i][j];
          by_c_row += g * Distance::by_c(pair, pair.by_c(square, squares[j]));
          slope[i][j] = g * Distance::slope(pair, c);
          along += slope[i][j] * pair.s;
        }
        by_c += by_c_row;
        own[row + i - begin] += c * along / gap;
      }
      if (to != nullptr)
        add_pulls(x.row(row), y.row(column), slope, x.size, pulls.data() + (row - begin) * x.size);
    }
  }
  if (to != nullptr)
    for (int64_t i = begin; i < end; ++i)
      for (int64_t k = 0; k < d; ++k)
        to[i * d + k] = static_cast<T>(pulls[(i - begin) * x.size + k] +
                                       own[i - begin] * x.row(i)[k]);
  return by_c;
}

template <typename Body>
void for_each_task(int64_t n, const Body& body) {
  const int64_t tasks = round_up(n, kTaskRows) / kTaskRows;
  at::parallel_for(0, tasks, 1, [&](int64_t first, int64_t last) {
    for (int64_t task = first; task < last; ++task)
      body(task, task * kTaskRows, std::min(n, (task + 1) * kTaskRows));
  });
}

Tensor forward(const Tensor& x, const Tensor& y, const Tensor& c, int64_t, torch::Dtype) {
  const Tensor xs = x.contiguous(), ys = y.contiguous();
  const Tensor out = torch::empty({x.size(0), y.size(0)}, x.options());
  const double curvature = c.item<double>();
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "poincare_cdist", [&] {
    const Points a(xs.const_data_ptr<scalar_t>(), x.size(0), x.size(1), curvature);
    const Points b(ys.const_data_ptr<scalar_t>(), y.size(0), y.size(1), curvature);
    auto* to = out.mutable_data_ptr<scalar_t>();
    for_each_task(a.count, [&](int64_t, int64_t begin, int64_t end) {
      forward_task(a, b, begin, end, curvature, to);
    });
  });
  return out;
}

PairGradients backward(const Tensor& grad, const Tensor& x, const Tensor& y, const Tensor& c,
                       int64_t, const PairMask& needed) {
  const Tensor xs = x.contiguous(), ys = y.contiguous(), gs = grad.contiguous();
  PairGradients out;
  if (needed[0]) out.x = torch::empty(x.sizes(), x.options());
  if (needed[1]) out.y = torch::empty(y.sizes(), y.options());
  const double curvature = c.item<double>();
  const int64_t n = x.size(0), m = y.size(0), d = x.size(1);
  std::vector<double> by_c(round_up(n, kTaskRows) / kTaskRows);
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "poincare_cdist", [&] {
    const Points a(xs.const_data_ptr<scalar_t>(), n, d, curvature);
    const Points b(ys.const_data_ptr<scalar_t>(), m, d, curvature);
    const auto* g = gs.const_data_ptr<scalar_t>();
    auto *to_x = data_of<scalar_t>(out.x), *to_y = data_of<scalar_t>(out.y);
    if (needed[0] || needed[2])
      for_each_task(n, [&](int64_t task, int64_t begin, int64_t end) {
        by_c[task] = backward_task<scalar_t>(a, b, {g, m, 1}, begin, end, curvature, d, to_x);
      });
    if (needed[1])
      for_each_task(m, [&](int64_t, int64_t begin, int64_t end) {
        backward_task<scalar_t>(b, a, {g, 1, m}, begin, end, curvature, d, to_y);
      });
  });
  out.c = sum_of(by_c);
  return out;
}

}  // namespace

const PairEvaluation poincare_cdist_cpu{&forward, &backward};

}  // namespace gyroseg::detail
