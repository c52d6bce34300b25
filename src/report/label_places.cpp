#include "label_places.h"

#include <algorithm>

namespace gyroseg {
namespace {

// Directions of a label from its mark, x to the right and y downwards.
struct Direction {
  double x, y;
};

}  // namespace

bool LabelPlaces::is_free(const Box& box) const {
  return std::none_of(taken_.begin(), taken_.end(), [&](const Box& other) {
    return box.left < other.right && other.left < box.right && box.top < other.bottom &&
           other.top < box.bottom;
  });
}

void LabelPlaces::take(double x, double y, double width, double height) {
  taken_.push_back({x - width / 2, y - height, x + width / 2, y});
}

LabelPlace LabelPlaces::beside(double x, double y, double gap, double width, double height) {
  const auto place_at = [&](const Direction& d, double distance) -> LabelPlace {
    const Anchor anchor = d.x > 0 ? Anchor::start : d.x < 0 ? Anchor::end : Anchor::middle;
    return {x + d.x * distance, y + d.y * distance + (d.y > 0 ? height : d.y < 0 ? 0 : height / 3),
            anchor};
  };
  const auto box_of = [&](const LabelPlace& place) -> Box {
    const double left = place.anchor == Anchor::start ? place.x
                        : place.anchor == Anchor::end ? place.x - width
                                                      : place.x - width / 2;
    return {left, place.y - height, left + width, place.y + height / 4};
  };
  LabelPlace found = place_at({1, 0}, gap);
  bool placed = false;
  for (const double distance : {gap, 2 * gap, 3 * gap}) {
    for (const Direction& d : {Direction{1, 0}, {-1, 0}, {0.7, -0.7}, {-0.7, -0.7}, {0.7, 0.7},
                               {-0.7, 0.7}, {0, -1}, {0, 1}}) {
      const LabelPlace place = place_at(d, distance);
      if (!placed && is_free(box_of(place))) {
        found = place;
        placed = true;
      }
    }
  }
  taken_.push_back(box_of(found));
  return found;
}

std::vector<double> spread_apart(const std::vector<double>& wanted, double gap, double low, double high) {
  struct Pool {
    double sum;
    std::size_t count;
    [[nodiscard]] double mean() const { return sum / static_cast<double>(count); }
  };
  const auto step = [gap](std::size_t i) { return gap * static_cast<double>(i); };
  std::vector<Pool> pools;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    Pool pool{wanted[i] - step(i), 1};
    while (!pools.empty() && pools.back().mean() > pool.mean()) {
      pool = {pool.sum + pools.back().sum, pool.count + pools.back().count};
      pools.pop_back();
    }
    pools.push_back(pool);
  }
  const double last = std::max(low, high - step(wanted.empty() ? 0 : wanted.size() - 1));
  std::vector<double> places;
  for (const Pool& pool : pools) {
    for (std::size_t i = 0; i < pool.count; ++i) {
      places.push_back(std::clamp(pool.mean(), low, last) + step(places.size()));
    }
  }
  return places;
}

}  // namespace gyroseg
