#include "gyroseg/inference/sliding_window.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/utils.h>

#include <algorithm>
#include <vector>

#include "support/value_error.h"

namespace gyroseg::sliding_window_test {

using ::testing::ElementsAre;
using testing::expect_value_error;

// Starts along one axis of an image of that length.
std::vector<std::int64_t> tops(std::int64_t length, int window, int stride) {
  std::vector<std::int64_t> result;
  for (const Window& w : windows_over(length, 1, {window, 1}, {stride, 1})) {
    result.push_back(w.top);
  }
  return result;
}

TEST(SlidingWindow, TheLastWindowIsShiftedInward) {
  EXPECT_THAT(tops(10, 4, 3), ElementsAre(0, 3, 6));
  EXPECT_THAT(tops(11, 4, 3), ElementsAre(0, 3, 6, 7));
  EXPECT_THAT(tops(8, 4, 4), ElementsAre(0, 4));
  EXPECT_THAT(tops(9, 4, 4), ElementsAre(0, 4, 5));
  EXPECT_THAT(tops(4, 4, 1), ElementsAre(0));
  EXPECT_THAT(tops(3, 4, 1), ElementsAre(0));
  EXPECT_THAT(tops(3, 1, 1), ElementsAre(0, 1, 2));
}

TEST(SlidingWindow, RowsComeFirstAndEveryWindowHasTheSizeAskedFor) {
  std::vector<std::int64_t> places;
  for (const Window& w : windows_over(5, 3, {4, 2}, {4, 2})) {
    EXPECT_EQ(w.height, 4);
    EXPECT_EQ(w.width, 2);
    places.push_back(10 * w.top + w.left);
  }
  EXPECT_THAT(places, ElementsAre(0, 1, 10, 11));
}

TEST(SlidingWindow, AWindowThatLeavesTheMapsIsPadded) {
  const torch::Tensor labels = torch::arange(6, torch::kInt64).view({1, 2, 3});
  EXPECT_TRUE(cut(labels, {1, 1, 1, 2}, -1).equal(torch::tensor({4, 5}).view({1, 1, 2})));
  EXPECT_TRUE(
      cut(labels, {0, 0, 3, 4}, -1)
          .equal(torch::tensor({0, 1, 2, -1, 3, 4, 5, -1, -1, -1, -1, -1}).view({1, 3, 4})));
}

struct Case {
  std::int64_t height;
  std::int64_t width;
  std::array<int, 2> window;
  std::array<int, 2> stride;
};

// Odd sizes, overlaps of 1 to 9 windows a pixel, images smaller than the window on one axis or both.
const std::vector<Case> kCases = {{12, 12, {4, 4}, {4, 4}}, {13, 17, {6, 5}, {4, 3}},
                                  {9, 21, {7, 7}, {1, 5}},  {5, 30, {8, 8}, {5, 5}},
                                  {7, 3, {16, 9}, {10, 6}}, {1, 1, {3, 2}, {1, 1}},
                                  {11, 8, {11, 8}, {7, 5}}, {10, 10, {4, 6}, {3, 2}}};

// Two channels that depend on where the window lies and what it shows: its mean colour, and the row
// and column within it.
torch::Tensor position_and_mean(const torch::Tensor& part) {
  const torch::Tensor mean =
      part.mean({1, 2, 3}, /*keepdim=*/true).expand({part.size(0), 1, part.size(2), part.size(3)});
  const torch::Tensor row = torch::arange(part.size(2), torch::kFloat32).view({1, 1, -1, 1});
  const torch::Tensor column = torch::arange(part.size(3), torch::kFloat32).view({1, 1, 1, -1});
  return torch::cat({mean, (row * 100 + column).expand_as(mean)}, 1);
}

std::vector<std::int64_t> starts_by_hand(std::int64_t n, std::int64_t window, std::int64_t stride) {
  std::vector<std::int64_t> starts;
  for (std::int64_t start = 0;; start += stride) {
    if (start + window >= n) {
      starts.push_back(std::max<std::int64_t>(0, n - window));
      return starts;
    }
    starts.push_back(start);
  }
}

TEST(SlidingWindow, OverlapsAreAveragedAsLoopsOverPixelsAverageThem) {
  torch::manual_seed(1);
  for (const Case& c : kCases) {
    const torch::Tensor images = torch::randn({2, 3, c.height, c.width});
    const auto network = [](const torch::Tensor& part, const Window&) {
      return position_and_mean(part);
    };
    const torch::Tensor result = slide(network, images, c.window, c.stride);
    ASSERT_EQ(result.sizes(), (torch::IntArrayRef{2, 2, c.height, c.width}));
    const auto pixel = images.accessor<float, 4>();
    const auto got = result.accessor<float, 4>();
    const double area = 3.0 * c.window[0] * c.window[1];  // with the padding, which is 0
    for (int b = 0; b < 2; ++b) {
      for (std::int64_t y = 0; y < c.height; ++y) {
        for (std::int64_t x = 0; x < c.width; ++x) {
          double mean = 0, position = 0, count = 0;
          for (const auto top : starts_by_hand(c.height, c.window[0], c.stride[0])) {
            for (const auto left : starts_by_hand(c.width, c.window[1], c.stride[1])) {
              if (y < top || y >= top + c.window[0] || x < left || x >= left + c.window[1]) {
                continue;
              }
              double sum = 0;
              for (std::int64_t v = top; v < std::min(c.height, top + c.window[0]); ++v) {
                for (std::int64_t u = left; u < std::min(c.width, left + c.window[1]); ++u) {
                  sum += pixel[b][0][v][u] + pixel[b][1][v][u] + pixel[b][2][v][u];
                }
              }
              mean += sum / area;
              position += static_cast<double>(100 * (y - top) + x - left);
              ++count;
            }
          }
          // Rounding of float32 sums: of some 300 numbers near 1, and of 12 near 1000.
          ASSERT_NEAR(got[b][0][y][x], mean / count, 1e-5);
          ASSERT_NEAR(got[b][1][y][x], position / count, 1e-3);
        }
      }
    }
  }
}

// Whole numbers: their sums and means over equal values are exact.
TEST(SlidingWindow, APixelwiseNetworkGivesTheSameThroughAnyWindow) {
  torch::manual_seed(2);
  const auto network = [](const torch::Tensor& part, const Window&) {
    return torch::cat({2 * part.narrow(1, 0, 1) - part.narrow(1, 1, 1), part.narrow(1, 2, 1) + 7},
                      1);
  };
  for (const Case& c : kCases) {
    const torch::Tensor images =
        torch::randint(-50, 50, {2, 3, c.height, c.width}).to(torch::kFloat32);
    EXPECT_TRUE(slide(network, images, c.window, c.stride).equal(network(images, {})))
        << c.height << " x " << c.width;
  }
}

TEST(SlidingWindow, CoarseLogitsAreBroughtToTheWindow) {
  // One logit a window, its left edge: 0 on columns 0-3, mean(0, 3) on the shared one, 3 after it.
  const auto network = [](const torch::Tensor&, const Window& where) {
    return torch::full({1, 1, 1, 1}, static_cast<double>(where.left));
  };
  const torch::Tensor result = slide(network, torch::zeros({1, 3, 2, 7}), {2, 4}, {2, 3});
  const torch::Tensor expected = torch::tensor({0.F, 0.F, 0.F, 1.5F, 3.F, 3.F, 3.F});
  // The bilinear weights of a pixel add up to 1 but for rounding.
  EXPECT_TRUE(result[0][0][1].allclose(expected, 1e-6, 0)) << result;
}

TEST(SlidingWindow, TheNetworkSeesOneWindowOfItsSizeAtATime) {
  int calls = 0;
  const auto network = [&calls](const torch::Tensor& part, const Window& where) {
    EXPECT_EQ(part.sizes(), (torch::IntArrayRef{2, 3, 6, 5}));
    EXPECT_TRUE(where.height == 6 && where.width == 5);
    EXPECT_FALSE(torch::GradMode::is_enabled());
    ++calls;
    return part;
  };
  (void)slide(network, torch::zeros({2, 3, 13, 4}), {6, 5}, {5, 5});
  EXPECT_EQ(calls, 3);
}

TEST(SlidingWindow, WrongSizesAreNamed) {
  expect_value_error(
      [] {
        (void)windows_over(9, 9, {4, 4}, {5, 4});
      },
      "expected 1 <= stride <= window, got stride 5 and window 4");
  expect_value_error([] { (void)windows_over(9, 9, {4, 4}, {4, 0}); }, "got stride 0");
  expect_value_error([] { (void)windows_over(9, 0, {4, 4}, {4, 4}); }, "got length 0");
  expect_value_error(
      [] {
        (void)slide([](const torch::Tensor& part, const Window&) { return part[0]; },
                    torch::zeros({1, 3, 9, 9}), {4, 4}, {4, 4});
      },
      "the network must return [1,K,h,w], got [3, 4, 4]");
}

}  // namespace gyroseg::sliding_window_test
