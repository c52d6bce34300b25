// The data block of the page (docs/report.md describes it), unpacked into typed arrays.

import {geometryOf} from './geometries.mjs';

// An array of the type from the bytes of a base64 text; all numbers are little-endian.
export function unpack(text, Type) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return new Type(bytes.buffer);
}

// The class tree: classAt(level, node) is the node's class at a level, or -1 where it has none.
export class ClassTree {
  constructor({names, paths, parents, depths, leaves, levels, colors, top_copies: topCopies}) {
    Object.assign(this, {names, paths, parents, depths, leaves, levels, colors, topCopies});
  }

  classAt(level, node) {
    if (node < 0 || (this.depths[node] < level && node >= this.leaves)) {
      return -1;
    }
    let at = node;
    while (this.depths[at] > level) {
      at = this.parents[at];
    }
    return at;
  }

  // The classes of a level and their ancestors; of the copies of a repeated leaf the highest alone.
  shownAt(level) {
    const shown = new Set();
    for (const cls of this.levels[level - 1]) {
      for (let node = cls; node >= 0; node = this.parents[node]) {
        if (this.topCopies[node] === node) {
          shown.add(node);
        }
      }
    }
    return shown;
  }
}

function unpackSnapshot(stored, geometry) {
  const xy = unpack(stored.xy, Float32Array);
  return {
    step: stored.step,
    epoch: stored.epoch,
    curvature: stored.curvature,
    placed: geometry.place(xy, stored.curvature),
    prototypes: geometry.place(unpack(stored.prototypes, Float32Array), stored.curvature),
    predicted: stored.predicted.map((text) => unpack(text, Int16Array)),
    radius: unpack(stored.radius, Float32Array),
    confidence: unpack(stored.confidence, Float32Array),
    prototypeDistance: unpack(stored.prototype_distance, Float32Array),
  };
}

// One run: N pixels, seen at each of its snapshots.
export class EmbeddedRun {
  constructor(stored, tree) {
    const {name, space, dim, caption, view} = stored;
    Object.assign(this, {name, space, dim, caption});
    this.geometry = geometryOf(view);
    this.image = unpack(stored.points.image, Int32Array);
    this.row = unpack(stored.points.row, Int32Array);
    this.column = unpack(stored.points.column, Int32Array);
    this.count = this.image.length;
    const truth = unpack(stored.points.truth, Int16Array);
    this.truth = tree.levels.map((_, k) => truth.map((node) => tree.classAt(k + 1, node)));
    this.truthNode = truth;
    this.snapshots = stored.snapshots.map((s) => unpackSnapshot(s, this.geometry));
    this.extent = this.geometry.extent(this.snapshots.map((s) => s.placed));
    this.indexOfPixel = new Map();
    for (let i = 0; i < this.count; ++i) {
      this.indexOfPixel.set(this.pixel(i), i);
    }
  }

  // The same text for the same pixel of the same image in every run; the page has each image once.
  pixel(i) {
    return `${this.image[i]} ${this.row[i]},${this.column[i]}`;
  }

  // What was drawn last at or before the epoch.
  snapshotAt(epoch) {
    const past = this.snapshots.filter((s) => s.epoch <= epoch + 1e-9);
    return past.length > 0 ? past[past.length - 1] : this.snapshots[0];
  }

  wrong(snapshot, level, i) {
    const truth = this.truth[level - 1][i];
    return truth >= 0 && snapshot.predicted[level - 1][i] !== truth;
  }
}

export class EmbeddingStore {
  constructor(stored) {
    this.tree = new ClassTree(stored.tree);
    this.images = stored.images;
    this.runs = stored.runs.map((run) => new EmbeddedRun(run, this.tree));
    this.epochs = [...new Set(this.runs.flatMap((run) => run.snapshots.map((s) => s.epoch)))];
    this.epochs.sort((a, b) => a - b);
  }

  // The index in run `to` of the pixel that is i in run `from`, or -1.
  linked(from, i, to) {
    const index = this.runs[to].indexOfPixel.get(this.runs[from].pixel(i));
    return index === undefined ? -1 : index;
  }
}
