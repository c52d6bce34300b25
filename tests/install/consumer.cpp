#include <cmath>
#include <iostream>

#include "manifolds/poincare_operators.h"

int main() {
  const auto half = torch::tensor({0.5, 0.0}, torch::kFloat64).requires_grad_(true);
  const auto d = gyroseg::poincare_dist(torch::zeros({2}, torch::kFloat64), half, 1.0);
  d.backward();  // d = ln 3, gradient lambda(x) = 2/(1 - 1/4) along x
  std::cout << "distance " << d.item<double>() << ", gradient " << half.grad() << '\n';
  return std::abs(d.item<double>() - std::log(3.0)) < 1e-15 ? 0 : 1;
}
