#include "gyroseg/metrics/rank_counts.h"

#include <torch/utils.h>

#include <algorithm>
#include <cmath>

namespace gyroseg {
namespace {

constexpr int kDroppedBits = 13;
constexpr std::int64_t kRankBins = std::int64_t{1} << (31 - kDroppedBits);

}  // namespace

RankCounts::RankCounts(int groups)
    : groups_(groups), counts_(torch::zeros({groups, kRankBins}, torch::kInt64)) {
  TORCH_CHECK_VALUE(groups >= 1, "RankCounts: expected at least one group, got ", groups);
}

void RankCounts::add(const torch::Tensor& values, const torch::Tensor& groups) {
  const torch::NoGradGuard no_grad;
  TORCH_CHECK_VALUE(values.sizes() == groups.sizes() && groups.scalar_type() == torch::kInt64,
                    "RankCounts: values are ", values.sizes(), ", groups are ",
                    groups.scalar_type(), " ", groups.sizes());
  const torch::Tensor counted = groups.flatten().ge(0);
  const torch::Tensor group = groups.flatten().masked_select(counted);
  // -0 is a 0.
  const torch::Tensor value = values.flatten().to(torch::kFloat32).masked_select(counted) + 0.0F;
  if (value.numel() == 0) {
    return;
  }
  TORCH_CHECK_VALUE(group.max().item<std::int64_t>() < groups_ && !value.lt(0).any().item<bool>(),
                    "RankCounts: expected values >= 0 and groups below ", groups_, ", got a value of ",
                    value.min().item<double>(), " and a group ", group.max().item<std::int64_t>());
  broken_ = broken_ || value.isnan().any().item<bool>();
  if (broken_) {
    return;
  }
  // Numbers >= 0 are ordered as their bits are.
  const torch::Tensor bits = value.contiguous().view(torch::kInt32).to(torch::kInt64);
  const torch::Tensor bin = torch::bitwise_right_shift(bits, kDroppedBits);
  counts_ = counts_ + torch::bincount(group * kRankBins + bin, {}, groups_ * kRankBins)
                          .view({groups_, kRankBins})
                          .cpu();
}

std::optional<RankFigure> RankCounts::area(int positive, int negative) const {
  const auto cells = counts_.accessor<std::int64_t, 2>();
  double wins = 0;
  double ties = 0;
  double below = 0;
  double positives = 0;
  for (std::int64_t b = 0; b < kRankBins; ++b) {
    const auto p = static_cast<double>(cells[positive][b]);
    const auto n = static_cast<double>(cells[negative][b]);
    wins += p * below;
    ties += p * n;
    below += n;
    positives += p;
  }
  if (broken_ || below == 0 || positives == 0) {
    return std::nullopt;
  }
  const double pairs = below * positives;
  return RankFigure{(wins + ties / 2) / pairs, ties / 2 / pairs};
}

std::optional<RankFigure> RankCounts::spearman(const std::vector<double>& of_groups) const {
  TORCH_CHECK_VALUE(static_cast<int>(of_groups.size()) == groups_, "RankCounts: expected a number of each of ",
                    groups_, " groups, got ", of_groups.size());
  const torch::Tensor sizes = counts_.sum(1);
  std::vector<double> ranks(groups_, 0);  // of the groups' numbers
  const double all = sizes.sum().item<double>();
  double variance_g = 0;
  for (int g = 0; g < groups_; ++g) {
    double smaller = 0;
    double equal = 0;
    for (int other = 0; other < groups_; ++other) {
      const double size = sizes[other].item<double>();
      smaller += of_groups[other] < of_groups[g] ? size : 0;
      equal += of_groups[other] == of_groups[g] ? size : 0;
    }
    ranks[g] = smaller + (equal + 1) / 2 - (all + 1) / 2;  // about their mean
    variance_g += sizes[g].item<double>() * ranks[g] * ranks[g];
  }
  const auto cells = counts_.accessor<std::int64_t, 2>();
  double before = 0;
  double variance = 0;
  double covariance = 0;
  for (std::int64_t b = 0; b < kRankBins; ++b) {
    double size = 0;
    double group_ranks = 0;
    for (int g = 0; g < groups_; ++g) {
      size += static_cast<double>(cells[g][b]);
      group_ranks += static_cast<double>(cells[g][b]) * ranks[g];
    }
    const double rank = before + (size + 1) / 2 - (all + 1) / 2;
    variance += size * rank * rank;
    covariance += group_ranks * rank;
    before += size;
  }
  if (broken_ || variance <= 0 || variance_g <= 0) {
    return std::nullopt;
  }
  const double value = covariance / std::sqrt(variance * variance_g);
  // Exact ranks differ from the bin's mean rank within a bin only: without any tie in truth, which is
  // the worst case, their variance is that of 1..N. Cauchy-Schwarz bounds the covariance missed.
  const double whole = all * (all * all - 1) / 12;
  const double kept = std::min(variance / whole, 1.0);
  return RankFigure{value, std::sqrt(1 - kept) + std::abs(value) * (1 - std::sqrt(kept))};
}

}  // namespace gyroseg
