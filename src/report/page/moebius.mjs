// Isometries of the open unit disk with the Poincare metric, in double precision.
//
//   map    [ar, ai, br, bi]: z -> (a z + b) / (conj(b) z + conj(a)), |a|^2 - |b|^2 = 1
//   point  [x, y], |z| < 1
//   lengths are those of curvature -1: the distance of z from 0 is 2 atanh |z|

export const moebiusIdentity = () => [1, 0, 0, 0];

export function moebiusApply([ar, ai, br, bi], [x, y]) {
  const nr = ar * x - ai * y + br;
  const ni = ar * y + ai * x + bi;
  const dr = br * x + bi * y + ar;
  const di = br * y - bi * x - ai;
  const d = dr * dr + di * di;
  return [(nr * dr + ni * di) / d, (ni * dr - nr * di) / d];
}

// All points at once: xy and out are [x0, y0, x1, y1, ...].
export function moebiusApplyAll([ar, ai, br, bi], xy, out) {
  for (let i = 0; i < xy.length; i += 2) {
    const x = xy[i];
    const y = xy[i + 1];
    const nr = ar * x - ai * y + br;
    const ni = ar * y + ai * x + bi;
    const dr = br * x + bi * y + ar;
    const di = br * y - bi * x - ai;
    const d = dr * dr + di * di;
    out[i] = (nr * dr + ni * di) / d;
    out[i + 1] = (ni * dr - nr * di) / d;
  }
}

// m after n.
export function moebiusCompose([ar, ai, br, bi], [cr, ci, dr, di]) {
  return [
    ar * cr - ai * ci + br * dr + bi * di,
    ar * ci + ai * cr - br * di + bi * dr,
    ar * dr - ai * di + br * cr + bi * ci,
    ar * di + ai * dr - br * ci + bi * cr,
  ];
}

export const moebiusInverse = ([ar, ai, br, bi]) => [ar, -ai, -br, -bi];

// Rounding moves |a|^2 - |b|^2 away from 1. |a| follows from b without cancellation.
export function moebiusNormalise([ar, ai, br, bi]) {
  const length = Math.hypot(ar, ai);
  const scale = Math.hypot(1, br, bi) / length;
  return [ar * scale, ai * scale, br, bi];
}

// The translation that takes 0 to w.
export function moebiusFromOrigin([x, y]) {
  const scale = 1 / Math.sqrt((1 - Math.hypot(x, y)) * (1 + Math.hypot(x, y)));
  return [scale, 0, x * scale, y * scale];
}

// The translation along the geodesic from p to q that takes p to q. It is T(p) T(w) T(-p) with w = (-p) (+) q,
// hence T(q) gyr[p, w] T(-p), and the gyration is u / conj(u) with u = 1 - conj(p) q: nothing cancels where p is
// next to the rim.
export function moebiusTranslation([px, py], [qx, qy]) {
  const ur = 1 - (px * qx + py * qy);
  const ui = py * qx - px * qy;
  const length = Math.hypot(ur, ui);
  const turn = [ur / length, ui / length, 0, 0];
  return moebiusCompose(moebiusFromOrigin([qx, qy]), moebiusCompose(turn, moebiusInverse(moebiusFromOrigin([px, py]))));
}

// About 0, anticlockwise.
export const moebiusRotation = (angle) => [Math.cos(angle / 2), Math.sin(angle / 2), 0, 0];

export function hyperbolicDistance(p, q) {
  const [x, y] = moebiusApply(moebiusInverse(moebiusFromOrigin(p)), q);
  return 2 * Math.atanh(Math.min(Math.hypot(x, y), 1 - 1e-16));
}

// The point at share t of the way from p to 0.
export function towardsOrigin([x, y], t) {
  const r = Math.hypot(x, y);
  if (r === 0) {
    return [0, 0];
  }
  const scale = Math.tanh((1 - t) * Math.atanh(r)) / r;
  return [x * scale, y * scale];
}

// The circle that meets the unit circle at right angles and goes through p and q: {x, y, radius}, or
// null where it is a diameter to the eye.
export function geodesicCircle([px, py], [qx, qy]) {
  const cross = px * qy - py * qx;
  if (Math.abs(cross) < 1e-7) {
    return null;
  }
  const p = 1 + px * px + py * py;
  const q = 1 + qx * qx + qy * qy;
  const x = (qy * p - py * q) / (2 * cross);
  const y = (px * q - qx * p) / (2 * cross);
  return {x, y, radius: Math.sqrt(Math.max(x * x + y * y - 1, 0))};
}

// The Euclidean circle of all points at distance d from w: {x, y, radius}.
export function hyperbolicCircle([x, y], d) {
  const r = Math.tanh(d / 2);
  const w = x * x + y * y;
  const scale = (1 - r * r) / (1 - w * r * r);
  return {x: x * scale, y: y * scale, radius: (r * (1 - w)) / (1 - w * r * r)};
}
