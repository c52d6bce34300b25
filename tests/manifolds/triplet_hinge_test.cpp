// The fused sum over triplets against tensor operations on the gathered vectors.

#include "manifolds/kernels/triplet_hinge.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <limits>
#include <string>
#include <tuple>
#include <vector>

namespace gyroseg::triplet_hinge_test {

using detail::TripletTerms;
using torch::Tensor;

constexpr int64_t kB = 2, kD = 5, kH = 6, kW = 7, kN = 300;

/// Triplets with repeated pixels, some of one pixel with itself; about half of the hinges are open.
TripletTerms random_terms() {
  TripletTerms terms;
  terms.pixels = torch::randint(0, kB * kH * kW, {3, kN}, torch::kInt64);
  terms.pixels[1].narrow(0, 0, 20).copy_(terms.pixels[0].narrow(0, 0, 20));
  terms.pixels[2].narrow(0, 10, 20).copy_(terms.pixels[0].narrow(0, 10, 20));
  terms.margins = 0.1 * torch::randn({kN}, torch::kFloat64);
  terms.shares = torch::rand({kN}, torch::kFloat64) / kN;
  terms.scale = 1.5;
  return terms;
}

enum class Layout { kContiguous, kChannelsLast, kSliced };

/// Vectors of every length, 0 and parallel ones among them.
Tensor random_embedding(Layout layout, torch::Dtype dtype) {
  Tensor x = torch::randn({kB, kD, kH, 2 * kW}, torch::kFloat64) *
             torch::pow(10.0, 2 * torch::rand({kB, 1, kH, 2 * kW}, torch::kFloat64) - 1);
  x.index({0, at::indexing::Slice(), 0, at::indexing::Slice(0, 4)}) = 0;
  x.index({0, at::indexing::Slice(), 1}) = 2 * x.index({0, at::indexing::Slice(), 2});
  x = x.to(dtype);
  if (layout == Layout::kSliced) return x.slice(3, 0, 2 * kW, 2).requires_grad_(true);
  x = x.narrow(3, 0, kW).contiguous();
  if (layout == Layout::kChannelsLast) x = x.contiguous(at::MemoryFormat::ChannelsLast);
  return x.requires_grad_(true);
}

using Case = std::tuple<std::string, torch::Dtype, Layout>;
class TripletHinge : public ::testing::TestWithParam<Case> {};

TEST_P(TripletHinge, EqualsTheComposite) {
  torch::manual_seed(61);
  const auto& [space, dtype, layout] = GetParam();
  const Tensor c = torch::tensor(0.7, torch::kFloat64).requires_grad_(true);
  const auto manifold = make_manifold(space, c);
  const TripletTerms terms = random_terms();
  const Tensor x = random_embedding(layout, dtype);
  const bool curved = manifold->curvature_parameter().has_value();
  const Tensor wide = x.detach().to(torch::kFloat64).requires_grad_(true);
  const auto inputs_of = [&](const Tensor& t) {
    return curved ? std::vector<Tensor>{t, c} : std::vector<Tensor>{t};
  };
  const Tensor fused = detail::triplet_hinge(x, terms, *manifold);
  const Tensor composite = detail::triplet_hinge_composite(wide, terms, *manifold);
  ASSERT_EQ(fused.scalar_type(), at::promote_types(dtype, torch::kFloat32));
  // One rounding of the value to its dtype, float32 at least; rows of gradients are kept in it too.
  const double bound = dtype == torch::kFloat64 ? 1e-13 : 1e-7;
  EXPECT_NEAR(fused.item<double>(), composite.item<double>(), bound * composite.item<double>());
  const auto grads = torch::autograd::grad({3 * fused}, inputs_of(x));
  const auto expected = torch::autograd::grad({3 * composite}, inputs_of(wide));
  EXPECT_EQ(grads[0].strides(), torch::empty_like(x).strides());
  EXPECT_EQ(grads[0].scalar_type(), dtype);
  const double gradient_bound = dtype == torch::kBFloat16 ? 0.00391 : 10 * bound;  // 2^-8
  for (size_t i = 0; i < grads.size(); ++i) {
    const double scale = expected[i].abs().max().item<double>();
    ASSERT_GT(scale, 0);
    EXPECT_LT((grads[i] - expected[i]).abs().max().item<double>(), gradient_bound * scale) << i;
  }
}

TEST_P(TripletHinge, GivesTheSameBitsWithEveryNumberOfThreads) {
  torch::manual_seed(62);
  const auto& [space, dtype, layout] = GetParam();
  const auto manifold = make_manifold(space, 0.7);
  const TripletTerms terms = random_terms();
  const Tensor x = random_embedding(layout, dtype);
  const int before = at::get_num_threads();
  std::vector<Tensor> values, grads;
  for (const int threads : {1, 2}) {
    at::set_num_threads(threads);
    values.push_back(detail::triplet_hinge(x, terms, *manifold));
    grads.push_back(torch::autograd::grad({values.back()}, {x})[0]);
  }
  at::set_num_threads(before);
  EXPECT_TRUE(torch::equal(values[0], values[1]));
  EXPECT_TRUE(torch::equal(grads[0], grads[1]));
}

std::string case_name(const ::testing::TestParamInfo<Case>& x) {
  constexpr const char* kLayouts[] = {"contiguous", "channels_last", "sliced"};
  const auto& [space, dtype, layout] = x.param;
  return space + "_" + c10::toString(dtype) + "_" + kLayouts[static_cast<int>(layout)];
}

INSTANTIATE_TEST_SUITE_P(
    Spaces, TripletHinge,
    ::testing::Combine(::testing::Values("euclidean", "sphere", "poincare", "lorentz"),
                       ::testing::Values(torch::kFloat64, torch::kFloat32, torch::kBFloat16),
                       ::testing::Values(Layout::kContiguous, Layout::kChannelsLast,
                                         Layout::kSliced)),
    case_name);

TEST(TripletHingeGradient, RefusesToBeDifferentiated) {
  torch::manual_seed(63);
  const Tensor x = random_embedding(Layout::kContiguous, torch::kFloat64);
  const Tensor value = detail::triplet_hinge(x, random_terms(), *make_manifold("poincare", 1.0));
  const Tensor grad = torch::autograd::grad({value}, {x}, {}, true, true)[0];
  EXPECT_THROW((void)torch::autograd::grad({grad.sum()}, {x}), c10::Error);
}

TEST(TripletHingeGradient, NanReachesTheSum) {
  torch::manual_seed(64);
  Tensor x = random_embedding(Layout::kContiguous, torch::kFloat32).detach();
  const TripletTerms terms = random_terms();
  x.index({0, 0, 3, 3}) = std::numeric_limits<float>::quiet_NaN();
  ASSERT_TRUE((terms.pixels == 3 * kW + 3).any().item<bool>());
  for (const char* space : {"euclidean", "sphere", "poincare"})
    EXPECT_TRUE(detail::triplet_hinge(x, terms, *make_manifold(space, 1.0)).isnan().item<bool>())
        << space;
}

}  // namespace gyroseg::triplet_hinge_test
