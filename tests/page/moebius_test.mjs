// The mathematics of the page, against closed forms.

import assert from 'node:assert/strict';
import test from 'node:test';

import {diskGeometry, greatCircle, planeGeometry, ringDistances, sphereGeometry} from '../../src/report/page/geometries.mjs';
import {toggledClasses} from '../../src/report/page/legend.mjs';
import {
  geodesicCircle, hyperbolicCircle, hyperbolicDistance, moebiusApply, moebiusApplyAll, moebiusCompose,
  moebiusFromOrigin, moebiusIdentity, moebiusInverse, moebiusNormalise, moebiusRotation, moebiusTranslation,
  towardsOrigin,
} from '../../src/report/page/moebius.mjs';
import {readHash, writeHash} from '../../src/report/page/state.mjs';
import {legibleColor, luminance} from '../../src/report/page/theme.mjs';

const near = (a, b, tolerance = 1e-12) => {
  assert.equal(a.length, b.length);
  a.forEach((x, i) => assert.ok(Math.abs(x - b[i]) <= tolerance, `${a} is not ${b}`));
};

let seed = 7;
const uniform = () => {
  seed = (seed * 48271) % 2147483647;
  return seed / 2147483647;
};
const randomPoint = (largest = 0.95) => {
  const [r, t] = [largest * Math.sqrt(uniform()), 2 * Math.PI * uniform()];
  return [r * Math.cos(t), r * Math.sin(t)];
};
// arcosh form of the distance, from |p|, |q| and |p - q|.
const distance = (p, q) => {
  const square = ([x, y]) => x * x + y * y;
  return Math.acosh(1 + (2 * square([p[0] - q[0], p[1] - q[1]])) / ((1 - square(p)) * (1 - square(q))));
};

test('a translation takes p to q and keeps distances', () => {
  for (let k = 0; k < 200; ++k) {
    const [p, q, u, v] = [randomPoint(), randomPoint(), randomPoint(), randomPoint()];
    const map = moebiusTranslation(p, q);
    near(moebiusApply(map, p), q, 1e-11);
    assert.ok(Math.abs(distance(moebiusApply(map, u), moebiusApply(map, v)) - distance(u, v)) < 1e-7);
  }
});

test('a translation moves along the geodesic: points of the line through p and q stay on it', () => {
  const map = moebiusTranslation([0.2, 0], [0.6, 0]);
  const [x, y] = moebiusApply(map, [-0.7, 0]);
  assert.ok(Math.abs(y) < 1e-15 && Math.abs(x) < 1);
  const [p, q] = [[0.3, 0.5], [-0.4, 0.2]];
  const {x: cx, y: cy, radius} = geodesicCircle(p, q);
  const [mx, my] = moebiusApply(moebiusTranslation(p, q), q);
  assert.ok(Math.abs(Math.hypot(mx - cx, my - cy) - radius) < 1e-12);
});

// The transvection by its definition, T(p) T((-p) (+) q) T(-p), well conditioned away from the rim.
test('a translation is the transvection, and takes a point next to the rim where it should', () => {
  for (let k = 0; k < 200; ++k) {
    const [p, q, z] = [randomPoint(0.9), randomPoint(0.9), randomPoint(0.9)];
    const there = moebiusFromOrigin(p);
    const back = moebiusInverse(there);
    const step = moebiusFromOrigin(moebiusApply(back, q));
    const defined = moebiusCompose(there, moebiusCompose(step, back));
    near(moebiusApply(moebiusTranslation(p, q), z), moebiusApply(defined, z), 1e-11);
  }
  for (const gap of [1e-4, 1e-8, 1e-12]) {
    const p = [(1 - gap) * Math.cos(1), (1 - gap) * Math.sin(1)];
    near(moebiusApply(moebiusTranslation(p, [0, 0]), p), [0, 0], 1e-3);
    near(moebiusApply(moebiusTranslation(p, [0.3, -0.2]), p), [0.3, -0.2], 1e-3);
    near(moebiusApply(moebiusTranslation(p, p), [0.1, 0.2]), [0.1, 0.2], 1e-3);
  }
});

test('composition, inverse and rotation', () => {
  const [m, n] = [moebiusTranslation([0.1, 0.5], [-0.3, 0.2]), moebiusFromOrigin([0.6, -0.3])];
  const z = randomPoint();
  near(moebiusApply(moebiusCompose(m, n), z), moebiusApply(m, moebiusApply(n, z)));
  near(moebiusApply(moebiusCompose(m, moebiusInverse(m)), z), z);
  near(moebiusApply(moebiusRotation(Math.PI / 2), [0.3, 0]), [0, 0.3]);
  near(moebiusApply(moebiusIdentity(), z), z);
  const out = new Float64Array(4);
  moebiusApplyAll(m, Float64Array.from([...z, 0.1, 0.2]), out);
  near([...out], [...moebiusApply(m, z), ...moebiusApply(m, [0.1, 0.2])], 1e-15);
});

test('ten thousand steps stay an isometry, as the map is normalised', () => {
  let map = moebiusIdentity();
  for (let k = 0; k < 10000; ++k) {
    map = moebiusNormalise(moebiusCompose(moebiusTranslation(randomPoint(0.3), randomPoint(0.3)), map));
    const size = Math.hypot(...moebiusApply(map, [0, 0]));
    if (size > 0.999) { // walk back before the rim
      map = moebiusIdentity();
    }
  }
  const [ar, ai, br, bi] = map;
  assert.ok(Math.abs(ar * ar + ai * ai - br * br - bi * bi - 1) < 1e-9);
  assert.ok(Math.abs(hyperbolicDistance(moebiusApply(map, [0.1, 0]), moebiusApply(map, [0.5, 0])) -
                     2 * (Math.atanh(0.5) - Math.atanh(0.1))) < 1e-8);
});

test('distances, circles and the way to the origin', () => {
  assert.ok(Math.abs(hyperbolicDistance([0, 0], [0.5, 0]) - Math.log(3)) < 1e-14);
  const [w, d] = [[0.3, -0.4], 1.7];
  const {x, y, radius} = hyperbolicCircle(w, d);
  for (const angle of [0, 1, 2, 4]) {
    const p = [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
    assert.ok(Math.abs(distance(w, p) - d) < 1e-12);
  }
  const half = towardsOrigin([0.6, 0.3], 0.5);
  assert.ok(Math.abs(distance([0, 0], half) - distance([0, 0], [0.6, 0.3]) / 2) < 1e-12);
  near(towardsOrigin([0.6, 0.3], 1), [0, 0]);
  const circle = geodesicCircle([0.5, 0.1], [-0.2, 0.6]);
  assert.ok(Math.abs(circle.x ** 2 + circle.y ** 2 - circle.radius ** 2 - 1) < 1e-12); // meets the rim at 90 degrees
  assert.equal(geodesicCircle([0.5, 0.25], [-0.4, -0.2]), null);
});

test('tangent coordinates become points at their distance, in any curvature and far out', () => {
  const c = 2.5;
  const [x, y] = diskGeometry.place(new Float32Array([0.75, -1]), c);
  assert.ok(Math.abs((2 / Math.sqrt(c)) * Math.atanh(Math.hypot(x, y)) - 1.25) < 1e-12);
  assert.ok(Math.abs(y / x + 4 / 3) < 1e-12);
  const far = diskGeometry.place(new Float32Array([30, 0]), 1); // float32 ball coordinates would be on the rim
  const back = moebiusApply(moebiusInverse(moebiusFromOrigin(diskGeometry.place(new Float32Array([29, 0]), 1))), far);
  assert.ok(Math.abs(2 * Math.atanh(back[0]) - 1) < 0.02);
  const ring = diskGeometry.ring(moebiusIdentity(), 1.25, c);
  assert.ok(Math.abs(ring.radius - Math.hypot(x, y)) < 1e-12);
});

test('the plane: isometries are turns and shifts', () => {
  const turn = planeGeometry.rotation(Math.PI / 2);
  const map = planeGeometry.compose(planeGeometry.translation([0, 0], [1, 2]), turn);
  near(planeGeometry.apply(map, [3, 0]), [1, 5]);
  near(planeGeometry.apply(planeGeometry.compose(turn, planeGeometry.translation([0, 0], [1, 2])), [3, 0]), [-2, 4]);
  assert.deepEqual(ringDistances(6), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(ringDistances(0.9), [0.2, 0.4, 0.6, 0.8]);
});

test('great circles of the azimuthal view', () => {
  const length = (points) => points.slice(1).reduce((sum, q, i) => {
    const z = ([x, y]) => Math.cos(Math.hypot(x, y));
    const across = ([x, y]) => Math.sin(Math.hypot(x, y));
    const angle = ([x, y]) => Math.atan2(y, x);
    const p = points[i];
    return sum + Math.acos(Math.min(1, z(p) * z(q) + across(p) * across(q) * Math.cos(angle(p) - angle(q))));
  }, 0);
  const right = Math.PI / 2;
  const equator = greatCircle([right, 0], [0, right]);
  near([equator[0], equator.at(-1)].flat(), [right, 0, 0, right]);
  equator.forEach((p) => near([Math.hypot(...p)], [right]));
  assert.ok(Math.abs(length(equator) - right) < 1e-6);
  // Away from the equator by the law of cosines, and bent towards the outside.
  const arc = greatCircle([2, 0], [0, 2]);
  assert.ok(Math.abs(length(arc) - Math.acos(Math.cos(2) ** 2)) < 1e-6);
  assert.ok(Math.hypot(...arc[24]) > 2);
  greatCircle([1, 0], [-0.5, 0]).forEach(([, y]) => assert.ok(Math.abs(y) < 1e-15)); // a meridian
  assert.deepEqual(greatCircle([right, 0], [-right, 0]), [[right, 0], [-right, 0]]); // all half circles join these
  const map = planeGeometry.compose(planeGeometry.translation([0, 0], [1, 2]), planeGeometry.rotation(right));
  const {points, circle} = sphereGeometry.edge(map, [right, 0], [0, right]);
  assert.equal(circle, null);
  near(points[24], [1 - right / Math.SQRT2, 2 + right / Math.SQRT2]);
  assert.deepEqual(ringDistances(sphereGeometry.furthestRing(3)), [1, 2, 3]);
  assert.equal(sphereGeometry.furthestRing(0.5), 0.75);
});

test('the state survives the address; nonsense there is as nothing', () => {
  const sizes = {levels: 3, epochs: 4, views: 2};
  const state = {
    level: 2, color: 'prediction', errors: true, hidden: [-1, 3, 5], epoch: 1, rings: false, edges: true,
    labels: false, theme: 'dark', views: [{map: [1.25, 0, 0.75, 0], zoom: 2, x: 0.5, y: -3}, null],
  };
  assert.deepEqual(readHash('#' + writeHash(state), sizes), state);
  assert.equal(writeHash(readHash('', sizes)), '');
  assert.equal(writeHash(readHash('#level=9&epoch=x&theme=pink&hidden=a&view0=1_2_x', sizes)), '');
});

test('a far view comes back to the last digit; one that is no map is as none', () => {
  const sizes = {levels: 3, epochs: 4, views: 2};
  const far = moebiusCompose(moebiusFromOrigin([0.6, 0.8 - 1e-9]), moebiusRotation(1 / 3));
  const views = [{map: far, zoom: 40 / 3, x: 12345.678901234567, y: -1e-9 / 7}, {map: [1, 0, 1e-30 / 3, 0], zoom: 1, x: 0, y: 0}];
  const hash = writeHash({...readHash('', sizes), views});
  assert.deepEqual(readHash('#' + hash, sizes).views, views);
  for (const nonsense of ['0_0_1_0_1_0_0', '1e308_1e308_0_0_1_0_0', '1_0_1e308_1e308_1_0_0', '1_0_0_0_0_0_0', '1_0_0_0_-2_0_0']) {
    assert.deepEqual(readHash(`#view0=${nonsense}`, sizes).views, [null, null], nonsense);
  }
});

test('a click in the legend hides one class, with shift it shows one alone, and all again', () => {
  assert.deepEqual(toggledClasses([2], 3, false, [1, 2, 3]), [2, 3]);
  assert.deepEqual(toggledClasses([2, 3], 3, false, [1, 2, 3]), [2]);
  assert.deepEqual(toggledClasses([], 3, true, [1, 2, 3]), [1, 2]);
  assert.deepEqual(toggledClasses([1, 2], 3, true, [1, 2, 3]), []);
});

test('class colours have a contrast of 3 to 1 on both grounds and in the disk', () => {
  const contrast = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  for (const color of ['#000000', '#303030', '#0000ff', '#ffff4d', '#ffffff', '#cc79a7']) {
    for (const ground of ['#ffffff', '#fbfbfd']) {
      assert.ok(contrast(legibleColor(color, false), ground) >= 3, `${color} on ${ground}`);
    }
    for (const ground of ['#14171b', '#1a1e23']) {
      assert.ok(contrast(legibleColor(color, true), ground) >= 3, `${color} on ${ground}`);
    }
  }
});

// Of the rule in numpy, as in tests/report/theme_test.cpp: page and figures draw a class alike.
test('a class colour is that of the figures', () => {
  for (const [color, onLight, onDark] of [
    ['#0072b2', '#004c78', '#008edc'], ['#e69f00', '#9d6b00', '#fbae00'], ['#cc79a7', '#8b5171', '#e88abe'],
    ['#303030', '#1d1d1d', '#696969'], ['#ffff4d', '#959529', '#ffff8a'], ['#0000ff', '#0000ae', '#5252ff'],
  ]) {
    assert.equal(legibleColor(color, false), onLight);
    assert.equal(legibleColor(color, true), onDark);
  }
});
