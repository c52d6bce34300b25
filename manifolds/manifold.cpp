#include "manifolds/manifold.h"

#include "manifolds/argument_checks.h"
#include "manifolds/euclidean.h"
#include "manifolds/poincare_ball.h"

namespace gyroseg {

std::shared_ptr<const Manifold> make_manifold(const std::string& kind, double c) {
  detail::check_curvature("make_manifold", c);
  if (kind == "euclidean") return std::make_shared<const Euclidean>();
  TORCH_CHECK_VALUE(kind == "poincare", "make_manifold: kind must be euclidean | poincare, got ",
                    kind);
  return std::make_shared<const PoincareBall>(c);
}

}  // namespace gyroseg
