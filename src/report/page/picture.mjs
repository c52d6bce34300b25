// One run's picture on the page: heading, canvas, caption, export buttons; it draws itself from the state.

import {CanvasSurface} from './canvas_surface.mjs';
import {element} from './dom.mjs';
import {pngOf, saveAs, svgOf} from './export_figure.mjs';
import {drawScene} from './scene.mjs';
import {EmbeddingView} from './view.mjs';

const fileName = (text) => text.replace(/[^A-Za-z0-9._-]+/g, '_');

export class Picture {
  constructor(run, tree) {
    this.run = run;
    this.tree = tree;
    this.view = new EmbeddingView(run);
    this.marked = -1;
    this.visible = new Uint8Array(run.count);
    this.canvas = element('canvas', {class: 'embedding', tabindex: 0, role: 'application'});
    this.caption = element('figcaption', {});
    const save = (kind) => element('button', {type: 'button', class: 'quiet', 'data-save': kind,
                                              onclick: () => this.save(kind)}, kind.toUpperCase());
    this.root = element('figure', {class: 'picture'},
                        element('div', {class: 'picture-head'}, element('h3', {}, run.name),
                                element('span', {class: 'space'}, `${run.space}, ${run.dim}-D`),
                                element('span', {class: 'saves'}, save('svg'), save('png'))),
                        this.canvas, this.caption);
    this.surface = null;
  }

  // Follows the size that the page gives the canvas. Returns whether it changed.
  fit() {
    const width = this.canvas.clientWidth;
    const height = this.canvas.clientHeight;
    const scale = window.devicePixelRatio || 1;
    const same = this.surface && this.surface.width === width && this.surface.height === height &&
      this.surface.scale === scale;
    if (width > 0 && !same) {
      const stored = this.surface ? this.view.stored() : null;
      this.view.resize(width, height);
      if (stored) {
        this.view.restore(stored);
      }
      this.surface = new CanvasSurface(this.canvas, width, height, scale);
    }
    return !same;
  }

  // What is shown, from the state; content is what drawScene takes.
  choose(state, content) {
    const {run, visible} = this;
    const {snapshot} = content;
    const source = state.color === 'truth' ? run.truth : snapshot.predicted;
    const classes = source[state.level - 1];
    const hidden = new Set(state.hidden);
    for (let i = 0; i < run.count; ++i) {
      visible[i] = !hidden.has(classes[i]) && (!state.errors || run.wrong(snapshot, state.level, i)) ? 1 : 0;
    }
    this.content = {...content, tree: this.tree, visible, classes};
    this.caption.textContent = `${run.caption} ${this.when(snapshot)} Dashed rings: distance from the cross.`;
    this.canvas.setAttribute('aria-label', `${run.name}: ${run.count} pixel embeddings. ${run.caption}`);
  }

  when(snapshot) {
    const curvature = this.run.geometry.name === 'disk' ? `, c = ${Number(snapshot.curvature.toPrecision(4))}` : '';
    return `Epoch ${Number(snapshot.epoch.toFixed(2))}${curvature}.`;
  }

  get shownCount() {
    return this.visible.reduce((sum, v) => sum + v, 0);
  }

  // Points a class of the level, hidden or not; those that the error filter leaves out are not counted.
  counts(state) {
    const counts = new Map();
    const {classes, snapshot} = this.content;
    for (let i = 0; i < this.run.count; ++i) {
      if (!state.errors || this.run.wrong(snapshot, state.level, i)) {
        counts.set(classes[i], (counts.get(classes[i]) || 0) + 1);
      }
    }
    return counts;
  }

  drawOn(surface) {
    drawScene(surface, this.view, {...this.content, marked: this.marked});
  }

  draw() {
    if (this.surface) {
      this.view.place(this.content.snapshot);
      this.drawOn(this.surface);
    }
  }

  markedPlace() {
    const {screen} = this.view;
    return this.marked < 0 ? null : [screen[2 * this.marked], screen[2 * this.marked + 1]];
  }

  figure() {
    return {
      title: this.run.name, caption: this.caption.textContent, width: this.surface.width,
      height: this.surface.height, theme: this.content.theme,
    };
  }

  async save(kind) {
    const draw = (surface) => this.drawOn(surface);
    const blob = kind === 'svg' ? new Blob([svgOf(draw, this.figure())], {type: 'image/svg+xml'})
                                : await pngOf(draw, this.figure());
    saveAs(blob, `${fileName(this.run.name)}.${kind}`);
  }
}
