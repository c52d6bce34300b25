// The pictures that an embedding is shown in, behind one interface. A map is an isometry of the
// picture, applied to the original points; the screen's zoom is not part of it.
//
//   place(xy, curvature)  tangent coordinates at the picture's centre -> points of the picture, whose
//                         length there is the distance from the centre in the space's own measure
//   applyAll, apply, compose, normalise, identity, rotation
//   translation(p, q)     takes p to q along the geodesic
//   towardsCentre(p, t)   the point at share t of the way from p to the centre
//   inside(p, unit)       p, or the nearest place that can be grabbed, where no point is, or dragged to; unit:
//                         pixels that a length of 1 has on the screen
//   edge(map, p, q)       the geodesic from p to q under the map: {points, circle}, the arc of {x, y, radius} between
//                         two points or, where circle is null, the line through them all
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

  edge(map, p, q) {
    const points = [moebiusApply(map, p), moebiusApply(map, q)];
    return {points, circle: geodesicCircle(...points)};
  },

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
  edge: (map, p, q) => ({points: [planeGeometry.apply(map, p), planeGeometry.apply(map, q)], circle: null}),
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

// Pieces that a great circle is drawn in.
const PIECES = 48;

// The shorter great circle between two points of an azimuthal view, whose distance from the centre is the angle.
export function greatCircle(p, q) {
  const lift = ([x, y]) => {
    const angle = Math.hypot(x, y);
    const s = angle > 0 ? Math.sin(angle) / angle : 1;
    return [s * x, s * y, Math.cos(angle)];
  };
  const [u, v] = [lift(p), lift(q)];
  const whole = Math.acos(Math.min(1, Math.max(-1, u[0] * v[0] + u[1] * v[1] + u[2] * v[2])));
  if (!(Math.sin(whole) > 1e-9)) { // one point, or two that all half circles join
    return [p, q];
  }
  return Array.from({length: PIECES + 1}, (_, i) => {
    const [a, b] = [PIECES - i, i].map((k) => Math.sin((k / PIECES) * whole) / Math.sin(whole));
    const [x, y, z] = u.map((w, axis) => a * w + b * v[axis]);
    const across = Math.hypot(x, y);
    const s = across > 0 ? Math.atan2(across, z) / across : 1;
    return [s * x, s * y];
  });
}

// The azimuthal view is moved as a plane: shifts and turns of the picture, not of the sphere.
export const sphereGeometry = {
  ...planeGeometry,
  name: 'sphere',
  edge: (map, p, q) => ({points: greatCircle(p, q).map((z) => planeGeometry.apply(map, z)), circle: null}),
  // No two points are further apart.
  furthestRing: (extent) => Math.min(Math.PI, planeGeometry.furthestRing(extent)),
};

const GEOMETRIES = {disk: diskGeometry, plane: planeGeometry, sphere: sphereGeometry};

export const geometryOf = (view) => GEOMETRIES[view];

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
