#include "gyroseg/metrics/moments.h"

#include <cmath>

namespace gyroseg {

void Moments::add(double value, double times) { merge({times, value, 0.0}); }

void Moments::merge(const Moments& other) {
  if (other.weight <= 0) {
    return;
  }
  const double total = weight + other.weight;
  const double share = other.weight / total;
  const double difference = other.mean - mean;
  squares += other.squares + difference * difference * weight * share;
  mean += difference * share;
  weight = total;
}

double Moments::deviation() const { return std::sqrt(squares / weight); }

}  // namespace gyroseg
