#pragma once

namespace gyroseg {

/// What Manifold::tangent_dist measures: |v - w|, 1 - cos(v, w), polar_dist(v, w), or something that
/// only tangent_dist itself knows. Kernels that evaluate distances themselves go by it.
enum class TangentDistance { norm, cosine, polar, other };

}  // namespace gyroseg
