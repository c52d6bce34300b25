// What one picture shows, drawn onto a surface (canvas or SVG) from back to front: ground, rings, points,
// tree edges, prototypes, labels, the pixel under the pointer.

import {ringDistances} from './geometries.mjs';
import {MARKER_SHAPES} from './marker_layer.mjs';
import {legibleColor} from './theme.mjs';

const POINT = 2.6; // radius of a marker, pixels
const LONGEST_LABEL = 22;
const NO_CLASS = '#888888'; // of points without a class at the level

// The look of every class of a level, and of -1, no class: siblings share a hue, shapes tell them apart without
// colour.
export function classLooks(tree, level, dark) {
  const looks = new Map();
  tree.levels[level - 1].forEach((node, i) => {
    looks.set(node, {
      color: legibleColor(tree.colors[node], dark),
      shape: MARKER_SHAPES[i % MARKER_SHAPES.length],
    });
  });
  looks.set(-1, {color: NO_CLASS, shape: 'circle'});
  return looks;
}

function drawGround(surface, view, theme) {
  surface.clear(theme.ground);
  if (view.geometry.name === 'disk') {
    const {x, y, radius} = view.circleOnScreen({x: 0, y: 0, radius: 1});
    surface.circle(x, y, radius, {fill: theme.disk});
    return {x, y, radius};
  }
  return null;
}

function drawRings(surface, view, snapshot, theme) {
  const {geometry} = view;
  const furthest = geometry.furthestRing(view.run.extent, snapshot.curvature);
  const rings = ringDistances(furthest).map((d) => {
    const ring = view.circleOnScreen(geometry.ring(view.map, d, snapshot.curvature));
    return {d, ...ring};
  });
  for (const {x, y, radius} of rings) {
    surface.circle(x, y, radius, {stroke: theme.line, width: 1, dash: [3, 3]});
  }
  const [x, y] = view.toScreen(geometry.apply(view.map, [0, 0]));
  surface.edge([[x - 4, y], [x + 4, y]], null, {stroke: theme.muted});
  surface.edge([[x, y - 4], [x, y + 4]], null, {stroke: theme.muted});
  return rings;
}

// Rings crowd at the rim: only those that have room are labelled.
function drawRingLabels(surface, rings, theme) {
  let last = Infinity;
  for (const {d, x, y, radius} of rings) {
    const top = y - radius - 2;
    if (radius > 14 && Math.abs(last - top) > 13) {
      last = top;
      surface.text(x, top, String(d), {size: 11, color: theme.muted, halo: theme.disk, anchor: 'middle'});
    }
  }
}

// visible: 0 or 1 a point. classes: node a point, or -1.
function drawPoints(surface, view, {visible, classes, looks}) {
  const {screen} = view;
  surface.openMarkers();
  for (let i = 0; i < visible.length; ++i) {
    const x = screen[2 * i];
    const y = screen[2 * i + 1];
    if (visible[i] && x > -5 && y > -5 && x < surface.width + 5 && y < surface.height + 5) {
      const look = looks.get(classes[i]);
      surface.marker(x, y, look.shape, POINT, look.color);
    }
  }
  surface.closeMarkers();
}

const prototypeAt = (placed, node) => [placed[2 * node], placed[2 * node + 1]];

function drawEdges(surface, view, tree, shown, prototypes, theme) {
  const root = [0, 0];
  for (const node of shown) {
    const parent = tree.parents[node];
    const {points, circle} = view.geometry.edge(view.map, prototypeAt(prototypes, node),
                                                parent < 0 ? root : prototypeAt(prototypes, parent));
    if (points.flat().every(Number.isFinite)) {
      surface.edge(points.map((z) => view.toScreen(z)), circle && view.circleOnScreen(circle),
                   {stroke: theme.edge, width: parent < 0 ? 1 : 1.6});
    }
  }
}

const shortLabel = (name) =>
  (name.length > LONGEST_LABEL ? `${name.slice(0, LONGEST_LABEL - 1)}…` : name);

// Deeper prototypes are smaller. A label that would cover one that stands already is left out.
function drawPrototypes(surface, view, tree, shown, prototypes, {theme, labels}) {
  const taken = [];
  for (const node of [...shown].sort((a, b) => tree.depths[a] - tree.depths[b])) {
    const p = view.geometry.apply(view.map, prototypeAt(prototypes, node));
    if (!p.every(Number.isFinite)) {
      continue;
    }
    const [x, y] = view.toScreen(p);
    const radius = Math.max(4.5, 8 - tree.depths[node]);
    const color = legibleColor(tree.colors[node], theme.dark);
    surface.circle(x, y, radius, {fill: color, stroke: theme.ink, width: 1.6});
    const text = shortLabel(tree.names[node]);
    const width = surface.textWidth(text, 12);
    const right = x + radius + 4 + width < surface.width;
    const left = right ? x + radius + 4 : x - radius - 4 - width;
    const box = [left, y - 8, left + width, y + 8];
    const free = taken.every((b) => box[0] > b[2] || box[2] < b[0] || box[1] > b[3] || box[3] < b[1]);
    if (labels && free) {
      taken.push(box);
      surface.text(left, y + 4, text, {size: 12, color: theme.ink, halo: theme.disk});
    }
  }
}

// content: {tree, snapshot, shown, visible, classes, looks, theme, rings, edges, labels, marked}.
// view.screen holds the places of the points.
export function drawScene(surface, view, content) {
  const {tree, snapshot, theme, shown} = content;
  const disk = drawGround(surface, view, theme);
  if (disk) {
    surface.openClip(disk.x, disk.y, disk.radius);
  }
  const rings = content.rings ? drawRings(surface, view, snapshot, theme) : [];
  drawPoints(surface, view, content);
  if (content.edges) {
    drawEdges(surface, view, tree, shown, snapshot.prototypes, theme);
  }
  drawRingLabels(surface, rings, theme);
  if (disk) {
    surface.closeClip();
    surface.circle(disk.x, disk.y, disk.radius, {stroke: theme.ink, width: 1.2});
  }
  if (content.edges) {
    drawPrototypes(surface, view, tree, shown, snapshot.prototypes, content);
  }
  if (content.marked >= 0) {
    const [x, y] = [view.screen[2 * content.marked], view.screen[2 * content.marked + 1]];
    surface.circle(x, y, 7, {stroke: theme.ground, width: 4});
    surface.circle(x, y, 7, {stroke: theme.ink, width: 2});
  }
}
