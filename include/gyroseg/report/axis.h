#pragma once

#include <string>
#include <vector>

namespace gyroseg {

/// A linear or logarithmic map from numbers to a stretch of the page, with ticks at round numbers.
///
///   Round   1, 2 or 5 times a power of ten, apart by the smallest such step that gives at most
///           `most` intervals
///   Labels  as many digits as tell the ticks apart: "0.25", "1200", "2e-6"
class Axis {
 public:
  /// Covers [low, high], from the page's `from` to its `to`. loose: from tick to tick, else the
  /// ends are low and high. An interval of no length is widened by half its value to each side.
  /// least_step: no two ticks closer than this; 1 for counts. Throws c10::ValueError unless the
  /// ends are finite, in order and below 1e100, and most >= 1.
  static Axis over(double low, double high, double from, double to, int most, bool loose,
                   double least_step = 0);

  /// Logarithmic, from tick to tick: 1, 2 and 5 times the powers of ten, or some of the powers alone
  /// where those would be more than `most` intervals. Throws c10::ValueError unless
  /// 1e-100 < low <= high < 1e100 and most >= 1.
  static Axis logarithmic(double low, double high, double from, double to, int most);

  /// Logarithmic from the first tick to the last, with these ticks and no others: 2, 4, 16. A single one
  /// stands in the middle. Throws c10::ValueError unless they are ascending, in (1e-100, 1e100), and at
  /// least one.
  static Axis through(const std::vector<double>& ticks, double from, double to);

  /// Logarithmic: what lies below the low end is put there.
  [[nodiscard]] double operator()(double value) const;

  [[nodiscard]] double low() const { return low_; }
  [[nodiscard]] double high() const { return high_; }
  [[nodiscard]] const std::vector<double>& ticks() const { return ticks_; }
  [[nodiscard]] const std::vector<std::string>& labels() const { return labels_; }

 private:
  double low_ = 0;
  double high_ = 1;
  double from_ = 0;
  double to_ = 1;
  bool logarithmic_ = false;
  std::vector<double> ticks_;
  std::vector<std::string> labels_;
};

}  // namespace gyroseg
