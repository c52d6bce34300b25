#include "gyroseg/metrics/student_t.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>

#include "gyroseg/metrics/moments.h"

namespace gyroseg {

SampleMean student_t(const std::vector<double>& values, double confidence) {
  TORCH_CHECK_VALUE(!values.empty() && confidence > 0 && confidence < 1,
                    "student_t: expected values and a confidence between 0 and 1, got ",
                    values.size(), " values and ", confidence);
  Moments moments;
  for (const double value : values) {
    TORCH_CHECK_VALUE(std::isfinite(value), "student_t: expected finite values, got ", value);
    moments.add(value);
  }
  SampleMean result;
  result.n = static_cast<int>(values.size());
  result.mean = moments.mean;
  if (result.n == 1) {
    return result;
  }
  const double deviation = std::sqrt(moments.squares / (result.n - 1));
  result.deviation = deviation;
  // Values that are equal up to rounding have no spread to judge their mean by.
  if (deviation <= 1e-12 * std::abs(result.mean) && result.mean != 0) {
    return result;
  }
  const double error = deviation / std::sqrt(result.n);
  const boost::math::students_t distribution(result.n - 1);
  const double half =
      boost::math::quantile(boost::math::complement(distribution, (1 - confidence) / 2)) * error;
  result.low = result.mean - half;
  result.high = result.mean + half;
  result.p = error > 0 ? 2 * boost::math::cdf(boost::math::complement(distribution,
                                                                      std::abs(result.mean) / error))
                       : 1;
  return result;
}

std::vector<double> holm(const std::vector<double>& p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> adjusted(p.size());
  double largest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const double value = p[order[i]];
    TORCH_CHECK_VALUE(value >= 0 && value <= 1, "holm: expected p values from 0 to 1, got ", value);
    largest = std::max(largest, std::min(1.0, static_cast<double>(p.size() - i) * value));
    adjusted[order[i]] = largest;
  }
  return adjusted;
}

}  // namespace gyroseg
