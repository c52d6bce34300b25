#pragma once

namespace gyroseg {

/// Mean and standard deviation of numbers that come one at a time and are not kept; a number of weight w
/// counts as w equal numbers. No cancellation, however small the spread beside the mean.
///
///   Source   Welford 1962; weights: West 1979; merging: Chan, Golub & LeVeque 1979
struct Moments {
  double weight = 0;   ///< sum of the weights
  double mean = 0;     ///< 0 where weight is 0
  double squares = 0;  ///< weighted sum of squared distances to the mean

  /// times >= 0: the weight; 0 changes nothing.
  void add(double value, double times = 1);

  /// As if the other's numbers had been added.
  void merge(const Moments& other);

  /// Of the numbers themselves, divided by the weight: 0 for a single one, NaN for none.
  [[nodiscard]] double deviation() const;
};

}  // namespace gyroseg
