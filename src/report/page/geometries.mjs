// The two pictures that an embedding is shown in, behind one interface. A map is an isometry of the
// picture, applied to the original points; the screen's zoom is not part of it.
//
//   place(xy, curvature)  tangent coordinates at the picture's centre -> points of the picture, whose
//                         length there is the distance from the centre in the space's own measure
//   applyAll, apply, compose, normalise, identity, rotation
//   translation(p, q)     takes p to q along the geodesic
//   towardsCentre(p, t)   the point at share t of the way from p to the centre
//   inside(p, unit)       p, or the nearest place that can be grabbed, where no point is, or dragged to; unit:
//                         pixels that a length of 1 has on the screen
//   edge(p, q)            {x, y, radius} of the circle that the geodesic is part of; null: a line
//   ring(map, d, curvature)  the circle of distance d from the centre: {x, y, radius}

import {
  geodesicCircle, hyperbolicCircle, moebiusApply, moebiusApplyAll, moebiusCompose, moebiusIdentity,
  moebiusNormalise, moebiusRotation, moebiusTranslation, towardsOrigin,
} from './moebius.mjs';

// Nearer to the rim than this, or than a quarter of a pixel, no point is dragged: a pixel there is a distance of
// many units.
const RIM = 5e-4;
const RIM_PIXELS = 0.25;
// A point so far out (a distance of 35) is on the rim in double precision.
const LARGEST_RADIUS = 1 - 1e-15;

export const diskGeometry = {
  name: 'disk',
  identity: moebiusIdentity,
  apply: moebiusApply,
  applyAll: moebiusApplyAll,
  compose: moebiusCompose,
  normalise: moebiusNormalise,
  rotation: moebiusRotation,
  translation: moebiusTranslation,
  towardsCentre: towardsOrigin,
  edge: geodesicCircle,

  place(xy, curvature) {
    const placed = new Float64Array(xy.length);
    const root = Math.sqrt(curvature);
    for (let i = 0; i < xy.length; i += 2) {
      const d = Math.hypot(xy[i], xy[i + 1]);
      const scale = d > 0 ? Math.min(Math.tanh((root * d) / 2), LARGEST_RADIUS) / d : 0;
      placed[i] = xy[i] * scale;
      placed[i + 1] = xy[i + 1] * scale;
    }
    return placed;
  },

  extent: () => 1,

  holds: ([x, y]) => Math.hypot(x, y) < 1,

  inside([x, y], unit) {
    const r = Math.hypot(x, y);
    const most = 1 - Math.min(RIM, RIM_PIXELS / unit);
    return r > most ? [(x * most) / r, (y * most) / r] : [x, y];
  },

  ring: (map, d, curvature) => hyperbolicCircle(moebiusApply(map, [0, 0]), d * Math.sqrt(curvature)),
  // Rings past this are the rim to the eye.
  furthestRing: (extent, curvature) => 6 / Math.sqrt(curvature),
};

// A map is [cos, sin, tx, ty]: z -> (cos + i sin) z + t.
export const planeGeometry = {
  name: 'plane',
  identity: () => [1, 0, 0, 0],
  apply: ([c, s, tx, ty], [x, y]) => [c * x - s * y + tx, s * x + c * y + ty],

  applyAll([c, s, tx, ty], xy, out) {
    for (let i = 0; i < xy.length; i += 2) {
      const x = xy[i];
      out[i] = c * x - s * xy[i + 1] + tx;
      out[i + 1] = s * x + c * xy[i + 1] + ty;
    }
  },

  compose([c, s, tx, ty], [d, e, ux, uy]) {
    return [c * d - s * e, c * e + s * d, c * ux - s * uy + tx, s * ux + c * uy + ty];
  },

  normalise([c, s, tx, ty]) {
    const length = Math.hypot(c, s);
    return [c / length, s / length, tx, ty];
  },

  rotation: (angle) => [Math.cos(angle), Math.sin(angle), 0, 0],
  translation: ([px, py], [qx, qy]) => [1, 0, qx - px, qy - py],
  towardsCentre: ([x, y], t) => [x * (1 - t), y * (1 - t)],
  edge: () => null,
  place: (xy) => Float64Array.from(xy),

  // Half the side of the picture: a few far points do not press all others together.
  extent(placed) {
    const radii = [];
    for (const xy of placed) {
      for (let i = 0; i < xy.length; i += 2) {
        radii.push(Math.hypot(xy[i], xy[i + 1]));
      }
    }
    const finite = radii.filter(Number.isFinite).sort((a, b) => a - b);
    return finite.length > 0 ? finite[Math.floor(0.995 * (finite.length - 1))] * 1.05 || 1 : 1;
  },

  holds: () => true,
  inside: (p) => p,

  ring(map, d) {
    const [x, y] = planeGeometry.apply(map, [0, 0]);
    return {x, y, radius: d};
  },
  furthestRing: (extent) => extent * 1.5,
};

export const geometryOf = (view) => (view === 'disk' ? diskGeometry : planeGeometry);

// About four round distances up to `furthest`.
export function ringDistances(furthest) {
  const power = 10 ** Math.floor(Math.log10(furthest / 3));
  const step = [1, 2, 5, 10].map((s) => s * power).find((s) => furthest / s < 6.5) || furthest;
  const distances = [];
  for (let i = 1; i * step <= furthest * 1.0001; ++i) {
    distances.push(Number((i * step).toPrecision(6)));
  }
  return distances;
}
