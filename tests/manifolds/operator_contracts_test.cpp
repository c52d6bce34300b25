// What every operator promises alike: gradients by every argument, broadcasting, layouts, dtypes,
// threads, empty tensors, NaN, errors.

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "operator_table.h"
#include "support/gradient_check.h"
#include "support/value_error.h"

namespace gyroseg::operator_contracts_test {

using testing::expect_value_error;
using testing::Operator;
using torch::Tensor;

constexpr double kC = 0.7;

class OperatorContracts : public ::testing::TestWithParam<Operator> {
 protected:
  void SetUp() override { torch::manual_seed(81); }

  static Tensor call(const std::vector<Tensor>& t, const Curvature& c = kC, int64_t dim = -1) {
    return GetParam().call(t, c, dim);
  }
  /// As many tensors as the operator has; the second may have a shape of its own.
  static std::vector<Tensor> arguments(const std::vector<int64_t>& first,
                                       const std::vector<int64_t>& second, int64_t dim = -1,
                                       torch::Dtype dtype = torch::kFloat64) {
    std::vector<Tensor> t = {GetParam().points(first, dim, dtype)};
    if (GetParam().operands == 2) t.push_back(GetParam().points(second, dim, dtype));
    return t;
  }
  /// Value and all gradients of the sum of squares.
  static std::vector<Tensor> value_and_gradients(const std::vector<Tensor>& arguments,
                                                 int64_t dim = -1) {
    std::vector<Tensor> leaves, result;
    for (const Tensor& t : arguments) leaves.push_back(t.detach().requires_grad_(true));
    leaves.push_back(torch::scalar_tensor(kC, torch::kFloat64).requires_grad_(true));
    const std::vector<Tensor> tensors(leaves.begin(), leaves.end() - 1);
    const auto value = call(tensors, leaves.back(), dim);
    value.square().sum().backward();
    result.push_back(value.detach());
    for (const Tensor& t : leaves) result.push_back(t.grad());
    return result;
  }
  static bool close(const Tensor& a, const Tensor& b, double tolerance) {
    return torch::allclose(a.to(torch::kFloat64), b.to(torch::kFloat64), tolerance,
                           tolerance * b.abs().max().item<double>());
  }
};

TEST_P(OperatorContracts, GradientsMatchCentralDifferencesAndBroadcast) {
  // [3,D] against [2,1,D]: every gradient is summed over an axis.
  auto t = arguments({3, 4}, {2, 1, 4});
  const auto weight = torch::randn(call(t).sizes(), torch::kFloat64);
  const auto c = torch::scalar_tensor(kC, torch::kFloat64);
  for (size_t i = 0; i <= t.size(); ++i) {
    const auto f = [&](const Tensor& x) {
      auto arguments = t;
      if (i < t.size()) arguments[i] = x;
      return (call(arguments, i < t.size() ? c : x) * weight).sum();
    };
    // The step 1e-5 leaves an error of about 1e-10 times the third derivative.
    EXPECT_LT(testing::gradient_error(f, i < t.size() ? t[i] : c), 1e-7) << "argument " << i;
  }
}

TEST_P(OperatorContracts, BroadcastingEqualsExpanding) {
  if (GetParam().operands == 1) return;
  for (const auto& [first, second] :
       std::vector<std::pair<std::vector<int64_t>, std::vector<int64_t>>>{
           {{2, 3, 5}, {5}}, {{5}, {2, 3, 5}}, {{2, 1, 5}, {3, 5}}, {{1, 5}, {300, 5}}}) {
    const auto t = arguments(first, second);
    const auto broadcast = value_and_gradients(t);
    const auto shape = at::infer_size(t[0].sizes(), t[1].sizes());
    const auto expanded =
        value_and_gradients({t[0].expand(shape).clone(), t[1].expand(shape).clone()});
    EXPECT_TRUE(close(broadcast[0], expanded[0], 1e-14));
    for (size_t i : {1, 2})
      EXPECT_TRUE(close(broadcast[i], at::sum_to(expanded[i], t[i - 1].sizes()), 1e-13));
    EXPECT_TRUE(close(broadcast[3], expanded[3], 1e-13));
  }
}

TEST_P(OperatorContracts, PixelsEqualRowsInEveryLayout) {
  // Fewer than 64 pixels are copied to rows, more are read where they lie; chunks have 256 points.
  for (const auto dtype : {torch::kFloat32, torch::kFloat64}) {
    for (const auto& shape : std::vector<std::vector<int64_t>>{
             {2, 3, 3, 5}, {2, 17, 15, 17}, {1, 1, 1, 257}, {1, 64, 8, 8}}) {
      const auto pixels = arguments(shape, shape, 1, dtype);
      std::vector<Tensor> rows, last, strided;
      for (const Tensor& t : pixels) {
        rows.push_back(t.movedim(1, -1).flatten(0, 2).contiguous());
        last.push_back(t.contiguous(torch::MemoryFormat::ChannelsLast));
        strided.push_back(torch::stack({t, t}, -1).select(-1, 1));
      }
      const auto expected = value_and_gradients(rows);
      // Sums in another order, one rounding to the dtype; the float64 sums differ by their length.
      const double tolerance = dtype == torch::kFloat32 ? 1.3e-7 : 1e-13;
      for (const auto& layout : {pixels, last, strided}) {
        auto found = value_and_gradients(layout, 1);
        if (found[0].dim() == 4) found[0] = found[0].movedim(1, -1);
        EXPECT_TRUE(close(found[0].reshape(expected[0].sizes()), expected[0], tolerance));
        for (size_t i = 1; i + 1 < found.size(); ++i)
          EXPECT_TRUE(close(found[i].movedim(1, -1).flatten(0, 2), expected[i], 3 * tolerance));
        EXPECT_TRUE(close(found.back(), expected.back(), 3 * tolerance));
      }
    }
  }
}

TEST_P(OperatorContracts, HalfTypesComputeAsFloat32) {
  for (const auto dtype : {torch::kHalf, torch::kBFloat16}) {
    const auto t = arguments({20, 6}, {20, 6}, -1, dtype);
    std::vector<Tensor> wide;
    for (const Tensor& x : t) wide.push_back(x.to(torch::kFloat32));
    if (GetParam().kind == Operator::kHyperboloid)
      continue;  // lifting rounds X0: polar_dist's rows
    const auto half = value_and_gradients(t), full = value_and_gradients(wide);
    EXPECT_EQ(half[0].scalar_type(), dtype);
    EXPECT_TRUE(torch::equal(half[0], full[0].to(dtype)));
    for (size_t i = 1; i <= t.size(); ++i) {
      EXPECT_EQ(half[i].scalar_type(), dtype);
      EXPECT_TRUE(half[i].isfinite().all().item<bool>());
      // The incoming gradient 2 value is rounded to the dtype, and so is the result.
      EXPECT_TRUE(close(half[i], full[i], dtype == torch::kHalf ? 2e-3 : 1.6e-2));
    }
    if (t.size() == 1) continue;
    EXPECT_EQ(call({t[0], wide[1]}).scalar_type(), torch::kFloat32);  // the wider dtype
  }
}

TEST_P(OperatorContracts, DoesNotDependOnTheNumberOfThreads) {
  for (const int64_t dim : {-1, 1}) {
    const auto shape =
        dim == 1 ? std::vector<int64_t>{3, 7, 20, 50} : std::vector<int64_t>{3000, 7};
    const auto t = arguments(shape, shape, dim, torch::kFloat32);
    const int before = at::get_num_threads();
    at::set_num_threads(1);
    const auto one = value_and_gradients(t, dim);
    at::set_num_threads(2);
    const auto two = value_and_gradients(t, dim);
    at::set_num_threads(before);
    for (size_t i = 0; i < one.size(); ++i) EXPECT_TRUE(torch::equal(one[i], two[i])) << i;
  }
}

TEST_P(OperatorContracts, EmptyTensorsGiveEmptyResultsAndZeroGradients) {
  for (const auto& shape : std::vector<std::vector<int64_t>>{{0, 3}, {2, 3, 0, 4}, {0, 3, 8, 9}}) {
    const int64_t dim = shape.size() == 2 ? -1 : 1;
    const auto found = value_and_gradients(arguments(shape, shape, dim, torch::kFloat32), dim);
    EXPECT_EQ(found[0].numel(), 0);
    EXPECT_EQ(found[1].sizes(), at::IntArrayRef(shape));
    EXPECT_EQ(found.back().item<double>(), 0);
  }
}

/// Entries of a result that belong to point q, for rows.
Tensor of_point(const Tensor& value, int64_t q) { return value[q].flatten(); }

TEST_P(OperatorContracts, NanStaysInItsOwnPoint) {
  for (const int64_t bad : {0, 5, 99}) {
    auto rows = arguments({100, 5}, {100, 5});
    rows[0][bad][2] = NAN;
    const auto pixels = [&] {
      std::vector<Tensor> t;
      for (const Tensor& x : rows) t.push_back(x.t().reshape({1, 5, 10, 10}).contiguous());
      return t;
    }();
    const auto by_pixels = call(pixels, kC, 1);
    const auto again = GetParam().reduces ? by_pixels.flatten() : by_pixels.reshape({5, 100}).t();
    for (const Tensor& value : {call(rows), again}) {
      EXPECT_TRUE(of_point(value, bad).isnan().all().item<bool>());
      EXPECT_EQ(value.isnan().sum().item<int64_t>(), of_point(value, bad).numel());
    }
    const auto gradients = value_and_gradients(rows);
    EXPECT_EQ(gradients[1].isfinite().all(1).sum().item<int64_t>(), 99);
  }
}

TEST_P(OperatorContracts, PointsOnTheRimAndOutsideGiveNan) {
  if (GetParam().kind != Operator::kBall) return;  // defined everywhere
  for (int argument = 0; argument < GetParam().operands; ++argument) {
    auto t = arguments({4, 2}, {4, 2});
    t[argument][0] = torch::tensor({2.0, 0.0}, torch::kFloat64);  // the rim of c = 1/4
    t[argument][1] = torch::tensor({0.0, 3.0}, torch::kFloat64);
    const auto value = GetParam().call(t, 0.25, -1).reshape({4, -1});
    EXPECT_TRUE(value.slice(0, 0, 2).isnan().all().item<bool>());
    EXPECT_TRUE(value.slice(0, 2).isfinite().all().item<bool>());
  }
}

TEST_P(OperatorContracts, DoubleBackwardIsAClearError) {
  auto t = arguments({3, 4}, {3, 4});
  t[0].requires_grad_(true);
  const auto value = call(t).square().sum();
  const auto g = torch::autograd::grad({value}, {t[0]}, {}, true, /*create_graph=*/true)[0];
  try {
    g.sum().backward();
    FAIL() << "no error";
  } catch (const std::exception& e) {
    EXPECT_NE(std::string(e.what()).find(GetParam().name + ": double backward"), std::string::npos);
  }
}

TEST_P(OperatorContracts, BadArgumentsShowTheirValue) {
  const auto t = arguments({2, 3}, {2, 3});
  const auto with = [&](size_t i, const Tensor& x) {
    auto arguments = t;
    arguments[i] = x;
    return arguments;
  };
  const auto c = [](double value) {
    return Curvature(torch::scalar_tensor(value, torch::kFloat64));
  };
  expect_value_error([&] { (void)call(t, c(0)); }, "got 0");
  expect_value_error([&] { (void)call(t, c(-1.5)); }, "got -1.5");
  expect_value_error([&] { (void)call(t, c(NAN)); }, "got nan");
  expect_value_error([&] { (void)call(t, c(INFINITY)); }, "got inf");
  expect_value_error([&] { (void)call(t, torch::ones({1})); }, "[1]");
  expect_value_error([&] { (void)call(t, torch::tensor(1)); }, "Long");
  if (GetParam().kind == Operator::kHyperboloid) return;  // the lift would speak first
  expect_value_error([&] { (void)call(t, kC, 2); }, "dim 2");
  expect_value_error([&] { (void)call(t, kC, -3); }, "dim -3");
  for (size_t i = 0; i < t.size(); ++i) {
    expect_value_error([&] { (void)call(with(i, t[i].to(torch::kInt64))); }, "Long");
    expect_value_error([&] { (void)call(with(i, torch::zeros({2, 0}))); }, "[2, 0]");
    if (t.size() == 1) continue;
    expect_value_error([&] { (void)call(with(i, torch::zeros({2, 4}))); }, "[2, 4]");
    expect_value_error([&] { (void)call(with(i, torch::zeros({2, 1}))); }, "[2, 1]");
    expect_value_error([&] { (void)call(with(i, torch::zeros({5, 3}))); }, "[5, 3]");
  }
}

INSTANTIATE_TEST_SUITE_P(Every, OperatorContracts, ::testing::ValuesIn(testing::every_operator()),
                         [](const auto& one) { return one.param.name; });

TEST(LorentzDist, NeedsTwoCoordinates) {
  const auto x = torch::ones({2, 1});
  testing::expect_value_error([&] { (void)lorentz_dist(x, x, 1.0); }, "[2, 1]");
}

}  // namespace gyroseg::operator_contracts_test
