#pragma once

#include <optional>
#include <vector>

namespace gyroseg {

/// Mean of a sample and what Student's t says of it. Differences of pairs make it the paired test.
struct SampleMean {
  int n = 0;
  double mean = 0;
  // Nothing with n = 1: a single run has no spread. Equal values other than 0 have a deviation alone.
  std::optional<double> deviation;  ///< sample standard deviation, n - 1
  std::optional<double> low;        ///< two-sided interval of the mean
  std::optional<double> high;
  std::optional<double> p;  ///< two-sided, of mean 0; 1 where all values are 0
};

/// values: at least one, finite. confidence: of the interval, in (0, 1). Throws c10::ValueError.
[[nodiscard]] SampleMean student_t(const std::vector<double>& values, double confidence = 0.95);

/// Holm's step-down adjustment (1979): the smallest of m values times m, the next times m - 1, ..., none
/// smaller than the one before and none above 1. In the order given. Throws c10::ValueError past [0, 1].
[[nodiscard]] std::vector<double> holm(const std::vector<double>& p);

}  // namespace gyroseg
