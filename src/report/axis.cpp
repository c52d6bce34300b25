#include "gyroseg/report/axis.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>

namespace gyroseg {
namespace {

constexpr double kLargestEnd = 1e100;   // spans and powers of ten stay finite
constexpr double kRounding = 1e-9;   // share of a step by which a tick may miss an end

double nice_step(double span, int most, double least_step) {
  const double least = std::max(span / most, least_step) * (1 - kRounding);
  const double power = std::pow(10.0, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= least) {
      return factor * power;
    }
  }
  return 10 * power;
}

// "2e-06" -> "2e-6"
std::string without_zeros(std::string text) {
  const std::size_t e = text.find('e');
  if (e == std::string::npos) {
    return text;
  }
  std::size_t digits = e + 1;
  if (text[digits] == '+') {
    text.erase(digits, 1);
  } else {
    ++digits;
  }
  while (digits + 1 < text.size() && text[digits] == '0') {
    text.erase(digits, 1);
  }
  return text;
}

std::string label(double value, double step, double largest) {
  char text[64];
  const int step_power = static_cast<int>(std::floor(std::log10(step) + kRounding));
  if (largest >= 1e-3 && largest < 1e6) {
    std::snprintf(text, sizeof text, "%.*f", std::max(0, -step_power), value);
    return text;
  }
  if (value == 0) {
    return "0";
  }
  const int power = static_cast<int>(std::floor(std::log10(std::abs(value)) + kRounding));
  std::snprintf(text, sizeof text, "%.*e", std::clamp(power - step_power, 0, 15), value);
  return without_zeros(text);
}

}  // namespace

Axis Axis::over(double low, double high, double from, double to, int most, bool loose,
                double least_step) {
  const bool valid = std::abs(low) < kLargestEnd && std::abs(high) < kLargestEnd && low <= high;
  TORCH_CHECK_VALUE(valid && most >= 1, "Axis: expected low <= high, below ", kLargestEnd,
                    ", and at least one interval, got ", low, ", ", high, " and ", most);
  // Closer than doubles resolve is no interval either.
  const double size = std::max(std::abs(low), std::abs(high));
  if (high - low <= size * 1e-12) {
    const double half = size == 0 ? 0.5 : size / 2;
    low -= half;
    high += half;
  }
  const double step = nice_step(high - low, most, least_step);
  double first = std::ceil(low / step - kRounding);
  double last = std::floor(high / step + kRounding);
  if (loose) {
    first = std::floor(low / step + kRounding);
    last = std::ceil(high / step - kRounding);
    low = first * step;
    high = last * step;
  }
  Axis axis;
  axis.low_ = low;
  axis.high_ = high;
  axis.from_ = from;
  axis.to_ = to;
  for (double i = first; i <= last; ++i) {
    const double tick = i == 0 ? 0 : i * step;  // no "-0"
    axis.ticks_.push_back(tick);
    axis.labels_.push_back(label(tick, step, std::max(std::abs(low), std::abs(high))));
  }
  return axis;
}

Axis Axis::logarithmic(double low, double high, double from, double to, int most) {
  TORCH_CHECK_VALUE(low > 1 / kLargestEnd && low <= high && high < kLargestEnd && most >= 1,
                    "Axis: expected 0 < low <= high and at least one interval, got ", low, ", ",
                    high, " and ", most);
  // Tick i of the sequence ..., 0.5, 1 (i = 0), 2, 5, 10, ...
  const auto tick = [](int i) {
    const int decade = (i - (i % 3 + 3) % 3) / 3;
    const double factor = std::array{1.0, 2.0, 5.0}[i - 3 * decade];
    return factor * std::pow(10.0, decade);
  };
  int first = 3 * static_cast<int>(std::floor(std::log10(low)));
  while (tick(first + 1) <= low * (1 + kRounding)) {
    ++first;
  }
  int last = first + 1;
  while (tick(last) < high * (1 - kRounding)) {
    ++last;
  }
  int stride = 1;
  if (last - first > most) {
    first -= (first % 3 + 3) % 3;
    while (last - first > most * stride || stride == 1) {
      stride += stride == 1 ? 2 : 3;
    }
    last = first + (last - first + stride - 1) / stride * stride;
  }
  Axis axis;
  axis.low_ = tick(first);
  axis.high_ = tick(last);
  axis.from_ = from;
  axis.to_ = to;
  axis.logarithmic_ = true;
  for (int i = first; i <= last; i += stride) {
    axis.ticks_.push_back(tick(i));
    axis.labels_.push_back(label(tick(i), tick(i), tick(i)));
  }
  return axis;
}

Axis Axis::through(const std::vector<double>& ticks, double from, double to) {
  TORCH_CHECK_VALUE(!ticks.empty() && ticks.front() > 1 / kLargestEnd && ticks.back() < kLargestEnd &&
                        std::adjacent_find(ticks.begin(), ticks.end(), std::greater_equal<>()) == ticks.end(),
                    "Axis: expected ascending ticks > 0, got ", ticks.size(), " ticks");
  Axis axis;
  axis.from_ = from;
  axis.to_ = to;
  axis.logarithmic_ = true;
  axis.low_ = ticks.size() > 1 ? ticks.front() : ticks.front() / 2;
  axis.high_ = ticks.size() > 1 ? ticks.back() : ticks.front() * 2;
  axis.ticks_ = ticks;
  for (const double tick : ticks) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", tick);
    axis.labels_.push_back(without_zeros(text));
  }
  return axis;
}

double Axis::operator()(double value) const {
  if (logarithmic_) {
    const double share = std::log(std::max(value, low_) / low_) / std::log(high_ / low_);
    return from_ + share * (to_ - from_);
  }
  return from_ + (value - low_) / (high_ - low_) * (to_ - from_);
}

}  // namespace gyroseg
