// Pointer, wheel and keyboard on one picture: drag, shift-drag, two fingers, double click, wheel, keys.

const CENTRE_MS = 450;
const STEP = 30; // pixels of an arrow key
const TURN = Math.PI / 24; // of an arrow key with shift

export const KEYS_HELP = 'Drag moves, shift-drag turns, the wheel or two fingers zoom, double click centres, ' +
  'R resets. Keys: arrows (shift: turn), + and -, N and P step through the points, C centres the marked point.';

const stillMotion = () => window.matchMedia('(prefers-reduced-motion: reduce)').matches;

// handlers: {changed(), hover(place, touch), leave(), step(direction), grabbed(place), marked()}: grabbed() is the
// view's, marked() gives the screen place of the marked point or null.
export class Gestures {
  constructor(canvas, view, handlers) {
    Object.assign(this, {canvas, view, handlers});
    this.pointers = new Map();
    this.grab = null;
    this.pressed = [0, 0];
    this.animation = 0;
    const listen = (type, action, options) => canvas.addEventListener(type, action, options);
    listen('pointerdown', (event) => this.down(event));
    listen('pointermove', (event) => this.move(event));
    listen('pointerup', (event) => this.up(event));
    listen('pointercancel', (event) => this.up(event));
    listen('pointerleave', (event) => event.pointerType === 'mouse' && handlers.leave());
    listen('dblclick', () => this.centreAt(this.pressed)); // whole pixels are too coarse next to the rim
    listen('wheel', (event) => this.wheel(event), {passive: false});
    listen('keydown', (event) => this.key(event));
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left - this.canvas.clientLeft, event.clientY - box.top - this.canvas.clientTop];
  }

  down(event) {
    if (event.button !== 0) {
      return;
    }
    this.stop();
    this.canvas.setPointerCapture(event.pointerId);
    this.pressed = this.place(event);
    this.pointers.set(event.pointerId, this.pressed);
    this.begin(event.shiftKey);
  }

  // Whatever the fingers do next starts from how the picture stands now.
  begin(turn) {
    const places = [...this.pointers.values()];
    const {view} = this;
    if (places.length === 0) {
      this.grab = null;
    } else {
      const at = view.toPicture(places[0]);
      const {from, shift} = this.handlers.grabbed(places[0]);
      const held = view.geometry.holds(at) || shift[0] !== 0 || shift[1] !== 0;
      const kind = places.length > 1 ? 'pinch' : turn || !held ? 'turn' : 'drag';
      this.grab = {kind, places, at, from, shift, map: view.map};
    }
    this.canvas.classList.toggle('grabbing', this.grab !== null);
  }

  move(event) {
    const place = this.place(event);
    if (!this.pointers.has(event.pointerId)) {
      this.handlers.hover(place, false);
      return;
    }
    const before = [...this.pointers.values()];
    this.pointers.set(event.pointerId, place);
    this.follow([...this.pointers.values()], before);
    this.handlers.changed();
  }

  follow(places, before) {
    const {view, grab} = this;
    if (grab.kind === 'pinch') {
      const middle = ([p, q]) => [(p[0] + q[0]) / 2, (p[1] + q[1]) / 2];
      const length = ([p, q]) => Math.max(1, Math.hypot(p[0] - q[0], p[1] - q[1]));
      view.zoomAbout(middle(before), length(places) / length(before));
      view.offset = view.offset.map((v, i) => v + middle(places)[i] - middle(before)[i]);
    } else if (grab.kind === 'turn') {
      const angle = ([x, y]) => Math.atan2(y, x);
      view.rotate(grab.map, angle(view.toPicture(places[0])) - angle(grab.at));
    } else {
      view.drag(grab.map, grab.from, view.toPicture(places[0].map((v, i) => v + grab.shift[i])));
    }
  }

  up(event) {
    const grab = this.grab;
    const place = this.pointers.get(event.pointerId);
    this.pointers.delete(event.pointerId);
    this.begin(event.shiftKey);
    if (grab && place && event.pointerType === 'touch' && Math.hypot(place[0] - grab.places[0][0], place[1] - grab.places[0][1]) < 8) {
      this.handlers.hover(place, true);
    }
  }

  wheel(event) {
    event.preventDefault();
    this.stop();
    const pixels = event.deltaMode === 1 ? event.deltaY * 16 : event.deltaY;
    this.view.zoomAbout(this.place(event), Math.exp(-pixels * 0.0015));
    this.handlers.changed();
  }

  centreAt(place) {
    if (this.view.geometry.holds(this.view.toPicture(place))) {
      this.centre(this.handlers.grabbed(place).from);
    }
  }

  // Moves a point of the picture to the centre along its geodesic.
  centre(point) {
    const {view} = this;
    this.stop();
    const {map, offset} = view;
    const began = performance.now();
    const frame = (now) => {
      const share = stillMotion() ? 1 : Math.min(1, Math.max(0, (now - began) / CENTRE_MS));
      view.centre(map, offset, point, 1 - (1 - share) ** 3);
      this.animation = share < 1 ? requestAnimationFrame(frame) : 0;
      this.handlers.changed();
    };
    this.animation = requestAnimationFrame(frame);
  }

  stop() {
    cancelAnimationFrame(this.animation);
    this.animation = 0;
  }

  key(event) {
    const middle = [this.view.width / 2, this.view.height / 2];
    const shift = ([dx, dy]) => {
      const from = this.view.inside(this.view.toPicture(middle));
      this.view.drag(this.view.map, from, this.view.toPicture([middle[0] + dx, middle[1] + dy]));
    };
    const arrows = {ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP]};
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    if (arrows[key] && event.shiftKey) {
      this.view.rotate(this.view.map, key === 'ArrowLeft' || key === 'ArrowUp' ? TURN : -TURN);
    } else if (arrows[key]) {
      shift(arrows[key]);
    } else if (key === '+' || key === '=') {
      this.view.zoomAbout(middle, 1.25);
    } else if (key === '-') {
      this.view.zoomAbout(middle, 0.8);
    } else if (key === 'n' || key === 'p') {
      this.handlers.step(key === 'n' ? 1 : -1);
    } else if (key === 'c' && this.handlers.marked()) {
      this.centreAt(this.handlers.marked());
    } else if (key === 'Escape') {
      this.handlers.leave();
    } else {
      return;
    }
    event.preventDefault();
    this.handlers.changed();
  }
}
