// Every operator of manifolds/, forward and forward plus backward, at the sizes of issue 4.
//
//   build/bin/bench_manifolds [--benchmark_filter=dist] [--benchmark_repetitions=9]
//
// float32, c = 1. Against other libraries: bench/peers/manifolds.py.

#include <benchmark/benchmark.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/nn/functional/linear.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <functional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "manifolds/lorentz_operators.h"
#include "manifolds/poincare_operators.h"
#include "manifolds/polar_dist.h"
#include "manifolds/polar_mlr.h"

namespace {

using torch::Tensor;
using Shape = std::vector<int64_t>;
/// A value from leaves that require gradients.
using Function = std::function<Tensor(const std::vector<Tensor>&)>;

Tensor ball_points(const Shape& shape, int64_t dim) {
  const auto x = torch::randn(shape);
  return 0.9 * torch::rand_like(x.narrow(dim, 0, 1)) * x / x.norm(2, dim, true);
}

Tensor tangents(const Shape& shape, int64_t) { return 0.1 * torch::randn(shape); }

Tensor hyperboloid(const Shape& shape, int64_t dim) {
  const auto space = torch::randn(shape).narrow(dim, 1, shape[dim] - 1);
  return torch::cat({torch::sqrt(1 + space.square().sum(dim, true)), space}, dim);
}

/// "operation/2x3x4".
std::string named(const std::string& operation, const Shape& shape) {
  std::ostringstream text;
  text << operation;
  for (size_t i = 0; i < shape.size(); ++i) text << (i == 0 ? '/' : 'x') << shape[i];
  return text.str();
}

/// Registers f without gradients and with forward and backward. The leaves are made when the
/// benchmark runs.
void add(const std::string& name, const std::function<std::vector<Tensor>()>& make, Function f) {
  benchmark::RegisterBenchmark((name + "/forward").c_str(),
                               [make, f](benchmark::State& state) {
                                 torch::manual_seed(0);
                                 const auto leaves = make();
                                 const torch::NoGradGuard no_grad;
                                 for (auto _ : state) benchmark::DoNotOptimize(f(leaves));
                               })
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
  benchmark::RegisterBenchmark(
      (name + "/step").c_str(),
      [make, f](benchmark::State& state) {
        torch::manual_seed(0);
        auto leaves = make();
        for (auto& t : leaves) t.requires_grad_(true);
        const auto grad = torch::rand_like(f(leaves)).detach();
        for (auto _ : state)
          benchmark::DoNotOptimize(torch::autograd::grad({f(leaves)}, leaves, {grad}));
      })
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
}

using Maker = Tensor (*)(const Shape&, int64_t);

/// An operator on one or two tensors of one shape.
template <typename F>
void add_elementwise(const std::string& name, const Shape& shape, int64_t dim, int tensors,
                     Maker maker, F f) {
  add(
      named(name, shape),
      [=] {
        std::vector<Tensor> leaves;
        for (int i = 0; i < tensors; ++i) leaves.push_back(maker(shape, dim));
        return leaves;
      },
      [=](const std::vector<Tensor>& t) { return f(t, dim); });
}

void add_pairs(const Shape& shape, int64_t dim) {
  using namespace gyroseg;
  const auto pair = [&](const char* name, Maker maker, auto op) {
    add_elementwise(name, shape, dim, 2, maker, [op](const std::vector<Tensor>& t, int64_t d) {
      return op(t[0], t[1], 1.0, d);
    });
  };
  pair("poincare_dist", &ball_points, &poincare_dist);
  pair("poincare_sqdist", &ball_points, &poincare_sqdist);
  pair("poincare_mobius_add", &ball_points, &poincare_mobius_add);
  pair("polar_dist", &tangents, &polar_dist);
  pair("lorentz_dist", &hyperboloid, &lorentz_dist);
  add_elementwise("euclidean_norm", shape, dim, 2, &ball_points,
                  [](const std::vector<Tensor>& t, int64_t d) { return (t[0] - t[1]).norm(2, d); });
}

void add_maps(const Shape& shape, int64_t dim) {
  using namespace gyroseg;
  const auto map = [&](const char* name, Maker maker, auto op) {
    add_elementwise(name, shape, dim, 1, maker,
                    [op](const std::vector<Tensor>& t, int64_t d) { return op(t[0], 1.0, d); });
  };
  map("poincare_expmap0", &tangents, &poincare_expmap0);
  map("poincare_logmap0", &ball_points, &poincare_logmap0);
}

void add_classifiers() {
  constexpr int64_t kPixels = 131072, kDim = 64, kClasses = 21;
  const auto make = [](Maker maker) {
    return [maker] {
      return std::vector<Tensor>{maker({kPixels, kDim}, 1), 0.3 * torch::randn({kClasses, kDim}),
                                 0.1 * torch::randn({kClasses})};
    };
  };
  add("polar_mlr/131072x64x21", make(&tangents),
      [](const std::vector<Tensor>& t) { return gyroseg::polar_mlr(t[0], t[1], t[2], 1.0); });
  add(
      "poincare_mlr/131072x64x21",
      [] {
        return std::vector<Tensor>{ball_points({kPixels, kDim}, 1),
                                   0.3 * ball_points({kClasses, kDim}, 1),
                                   0.3 * torch::randn({kClasses, kDim})};
      },
      [](const std::vector<Tensor>& t) { return gyroseg::poincare_mlr(t[0], t[1], t[2], 1.0); });
  add("linear/131072x64x21", make(&tangents),
      [](const std::vector<Tensor>& t) { return torch::nn::functional::linear(t[0], t[1], t[2]); });
}

}  // namespace

int main(int argc, char** argv) {
  for (const Shape& rows : {Shape{65536, 64}, Shape{16384, 256}}) {
    add_pairs(rows, 1);
    add_maps(rows, 1);
  }
  add_pairs({8, 64, 128, 128}, 1);
  add_pairs({131072, 64}, 1);
  add_maps({8, 64, 128, 128}, 1);
  add_maps({131072, 64}, 1);
  add(
      "poincare_cdist/2048x2048x64",
      [] {
        return std::vector<Tensor>{ball_points({2048, 64}, 1), ball_points({2048, 64}, 1)};
      },
      [](const std::vector<Tensor>& t) { return gyroseg::poincare_cdist(t[0], t[1], 1.0); });
  add_classifiers();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
