// One run's picture: where its points stand under the map and the zoom, and which of them are seen.
//
// One accumulated map is applied to the original points each time; drawn points are never moved on, so
// rounding does not add up however long one drags.

export const LEAST_ZOOM = 0.5;
export const MOST_ZOOM = 60;

export class EmbeddingView {
  constructor(run) {
    this.run = run;
    this.geometry = run.geometry;
    this.screen = new Float64Array(2 * run.count);
    this.moved = new Float64Array(2 * run.count);
    this.resize(100, 100);
    this.reset();
  }

  reset() {
    this.map = this.geometry.identity();
    this.zoom = 1;
    this.offset = [0, 0];
  }

  resize(width, height) {
    this.width = width;
    this.height = height;
  }

  // Page pixels a unit of the picture.
  get unit() {
    return (this.zoom * (Math.min(this.width, this.height) / 2 - 12)) / this.run.extent;
  }

  toScreen([x, y]) {
    return [this.width / 2 + this.offset[0] + this.unit * x, this.height / 2 + this.offset[1] - this.unit * y];
  }

  toPicture([x, y]) {
    return [(x - this.width / 2 - this.offset[0]) / this.unit, -(y - this.height / 2 - this.offset[1]) / this.unit];
  }

  circleOnScreen({x, y, radius}) {
    const [sx, sy] = this.toScreen([x, y]);
    return {x: sx, y: sy, radius: radius * this.unit};
  }

  // The places of all points of a snapshot.
  place(snapshot) {
    const {moved, screen, unit} = this;
    this.geometry.applyAll(this.map, snapshot.placed, moved);
    const left = this.width / 2 + this.offset[0];
    const top = this.height / 2 + this.offset[1];
    for (let i = 0; i < moved.length; i += 2) {
      screen[i] = left + unit * moved[i];
      screen[i + 1] = top - unit * moved[i + 1];
    }
  }

  // The visible point nearest to a place on the screen and within `reach` pixels of it, or -1.
  nearest([x, y], visible, reach) {
    let best = -1;
    let least = reach * reach;
    for (let i = 0; i < visible.length; ++i) {
      const dx = this.screen[2 * i] - x;
      const dy = this.screen[2 * i + 1] - y;
      const d = dx * dx + dy * dy;
      if (visible[i] && d <= least) {
        least = d;
        best = i;
      }
    }
    return best;
  }

  // What a pointer at a place on the screen takes hold of: the nearest of the visible points within `reach`, of
  // which the screen tells too little next to the rim, else the place; `shift` leads from the pointer to it.
  grabbed(place, visible, reach) {
    const i = this.nearest(place, visible, reach);
    const point = [this.moved[2 * i], this.moved[2 * i + 1]];
    if (i < 0 || !this.geometry.holds(point)) { // rounding puts the farthest points onto the rim
      return {from: this.inside(this.toPicture(place)), shift: [0, 0]};
    }
    return {from: point, shift: [this.screen[2 * i] - place[0], this.screen[2 * i + 1] - place[1]]};
  }

  // The point of the picture, or the nearest that can be grabbed or dragged to.
  inside(point) {
    return this.geometry.inside(point, this.unit);
  }

  // start: the map when `from` was grabbed, so that a drag depends on where it is now alone.
  drag(start, from, to) {
    const {geometry} = this;
    const step = geometry.translation(from, this.inside(to));
    this.map = geometry.normalise(geometry.compose(step, start));
  }

  rotate(start, angle) {
    this.map = this.geometry.normalise(this.geometry.compose(this.geometry.rotation(angle), start));
  }

  // The place on the screen stays where it is.
  zoomAbout([x, y], factor) {
    const zoom = Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, this.zoom * factor));
    const ratio = zoom / this.zoom;
    const dx = x - this.width / 2;
    const dy = y - this.height / 2;
    this.offset = [dx - ratio * (dx - this.offset[0]), dy - ratio * (dy - this.offset[1])];
    this.zoom = zoom;
  }

  // Share t of the way of `point` (of the picture under the map `start`) to the centre.
  centre(start, startOffset, point, t) {
    this.drag(start, point, this.geometry.towardsCentre(point, t));
    this.offset = startOffset.map((v) => v * (1 - t));
  }

  get untouched() {
    const identity = this.geometry.identity();
    return this.zoom === 1 && this.offset.every((v) => v === 0) && this.map.every((v, i) => v === identity[i]);
  }

  // For the address: the offset in units of the smaller side, so that a link fits another window.
  stored() {
    const side = Math.min(this.width, this.height);
    return this.untouched
      ? null
      : {map: this.map, zoom: this.zoom, x: this.offset[0] / side, y: this.offset[1] / side};
  }

  restore(stored) {
    this.reset();
    if (stored) {
      const side = Math.min(this.width, this.height);
      this.map = this.geometry.normalise(stored.map);
      this.zoom = Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, stored.zoom));
      this.offset = [stored.x * side, stored.y * side];
    }
  }
}
