#pragma once

#include <vector>

#include "gyroseg/report/svg.h"

namespace gyroseg {

struct LabelPlace {
  double x = 0;
  double y = 0;  ///< base line
  Anchor anchor = Anchor::start;
};

/// Finds places for labels that do not cover each other.
class LabelPlaces {
 public:
  /// Marks a text of one line as there: centred at x, y its base line.
  void take(double x, double y, double width, double height);

  /// A place for a text beside a mark at (x, y), `gap` away from it: to the right, left, above, below
  /// or at a corner, then farther out, the first that is free; to the right where none is. Takes it.
  LabelPlace beside(double x, double y, double gap, double width, double height);

 private:
  struct Box {
    double left, top, right, bottom;
  };
  [[nodiscard]] bool is_free(const Box& box) const;

  std::vector<Box> taken_;
};

/// The places nearest to `wanted` (ascending) that are `gap` or more apart, in [low, high] if they fit there:
/// least squares under an order, by pooling adjacent violators (Ayer et al. 1955).
[[nodiscard]] std::vector<double> spread_apart(const std::vector<double>& wanted, double gap, double low,
                                               double high);

}  // namespace gyroseg
