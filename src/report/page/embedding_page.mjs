// Ties store, state, pictures, controls, legend and hover card together.

import {Controls} from './controls.mjs';
import {element, oncePerFrame} from './dom.mjs';
import {Gestures} from './gestures.mjs';
import {HoverCard} from './hover_card.mjs';
import {legendOf, toggledClasses} from './legend.mjs';
import {Picture} from './picture.mjs';
import {classLooks} from './scene.mjs';
import {readHash, writeHash} from './state.mjs';
import {EmbeddingStore} from './store.mjs';
import {canvasTheme, isDark, onSystemTheme, setTheme} from './theme.mjs';

const REACH = 14; // pixels from the pointer to a point that it means
const HASH_MS = 200;

// R, wherever the focus is but where letters are typed or choose.
const resets = (event) => event.key.toLowerCase() === 'r' && !event.ctrlKey && !event.metaKey && !event.altKey &&
  !event.target.closest('input:not([type=range], [type=checkbox]), select, textarea, [contenteditable]');

export class EmbeddingPage {
  constructor(root, stored) {
    this.store = new EmbeddingStore(stored);
    this.pictures = this.store.runs.map((run) => new Picture(run, this.store.tree));
    this.controls = new Controls(this.store, {set: (changes) => this.set(changes), reset: () => this.reset()});
    this.legend = element('div', {class: 'legend'});
    this.card = new HoverCard(this.store);
    this.stage = element('div', {class: 'stage'}, ...this.pictures.map((picture) => picture.root));
    root.replaceChildren(this.controls.root,
                         element('div', {class: 'embedding-body'}, this.stage,
                                 element('aside', {}, this.legend, this.card.root)));
    this.draw = oncePerFrame(() => this.drawNow());
    this.saveHash = this.hashWriter();
    this.gestures = this.pictures.map((picture, i) => new Gestures(picture.canvas, picture.view, {
      changed: () => this.moved(),
      hover: (place, touch) => this.hover(i, place, touch),
      leave: () => this.mark(-1, -1),
      step: (direction) => this.step(i, direction),
      grabbed: (place) => picture.view.grabbed(place, picture.visible, REACH),
      marked: () => picture.markedPlace(),
    }));
    document.addEventListener('keydown', (event) => resets(event) && this.reset());
    this.readAddress();
    new ResizeObserver(() => this.draw()).observe(this.stage);
    onSystemTheme(() => this.refresh());
    window.addEventListener('hashchange', () => this.addressChanged());
  }

  // A link of the contents names a section: the picture stays as it is, then and on the way back.
  addressChanged() {
    const hash = location.hash.slice(1);
    if (hash !== this.written && !document.getElementById(hash)) {
      this.readAddress();
    }
  }

  readAddress() {
    const {tree, epochs, runs} = this.store;
    this.written = location.hash.slice(1);
    this.state = readHash(location.hash, {levels: tree.levels.length, epochs: epochs.length, views: runs.length});
    this.state.level = this.state.level || tree.levels.length;
    setTheme(this.state.theme);
    this.pictures.forEach((picture, i) => {
      picture.fit();
      picture.view.restore(this.state.views[i]);
    });
    this.refresh();
  }

  hashWriter() {
    let timer = 0;
    return () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.writeAddress(), HASH_MS);
    };
  }

  writeAddress() {
    const level = this.state.level === this.store.tree.levels.length ? 0 : this.state.level;
    const views = this.pictures.map((picture) => picture.view.stored());
    this.written = writeHash({...this.state, level, views});
    history.replaceState(null, '', this.written ? `#${this.written}` : location.pathname);
  }

  set(changes) {
    Object.assign(this.state, changes);
    if ('theme' in changes) {
      setTheme(changes.theme);
    }
    this.refresh();
    this.saveHash();
  }

  get epochIndex() {
    const last = this.store.epochs.length - 1;
    return this.state.epoch < 0 ? last : this.state.epoch;
  }

  // Everything that depends on the state but not on the map.
  refresh() {
    const {tree, epochs} = this.store;
    const {state} = this;
    const theme = canvasTheme();
    const looks = classLooks(tree, state.level, theme.dark);
    const shown = tree.shownAt(state.level);
    for (const picture of this.pictures) {
      const snapshot = picture.run.snapshotAt(epochs[this.epochIndex]);
      picture.choose(state, {snapshot, shown, looks, theme, rings: state.rings, edges: state.edges, labels: state.labels});
    }
    this.controls.show(state, this.epochIndex, this.pictures.map((p) => [p.shownCount, p.run.count]));
    this.showLegend(looks);
    if (this.markedIn >= 0) {
      this.mark(this.markedIn, this.pictures[this.markedIn].marked);
    }
    this.draw();
  }

  showLegend(looks) {
    const {tree} = this.store;
    const {state} = this;
    const counts = this.pictures.map((picture) => picture.counts(state));
    const classless = state.hidden.includes(-1) || counts.some((count) => count.has(-1));
    const nodes = classless ? [...tree.levels[state.level - 1], -1] : tree.levels[state.level - 1];
    const noClass = state.color === 'truth' ? 'unlabelled' : 'undecided';
    const classes = nodes.map((node) => ({
      node, name: node < 0 ? noClass : tree.names[node],
      title: node < 0 ? `no ${state.color} at this level` : tree.paths[node], look: looks.get(node),
      count: counts.map((count) => count.get(node) || 0).join(' | '), hidden: state.hidden.includes(node),
    }));
    const focusOn = (selector) => this.legend.querySelector(selector)?.focus(); // the entries are new ones
    this.legend.replaceChildren(...legendOf(classes, {
      toggle: (node, alone) => {
        this.set({hidden: toggledClasses(state.hidden, node, alone, nodes)});
        focusOn(`[data-node="${node}"]`);
      },
      all: (show) => {
        this.set({hidden: show ? state.hidden.filter((n) => !nodes.includes(n))
                               : [...new Set([...state.hidden, ...nodes])].sort((a, b) => a - b)});
        focusOn(`[data-show="${show ? 'all' : 'none'}"]`);
      },
    }));
  }

  moved() {
    this.draw();
    this.saveHash();
  }

  reset() {
    this.gestures.forEach((gesture) => gesture.stop());
    this.pictures.forEach((picture) => picture.view.reset());
    this.moved();
  }

  hover(run, place, touch) {
    const {view, visible} = this.pictures[run];
    this.mark(run, view.nearest(place, visible, touch ? 2 * REACH : REACH));
  }

  step(run, direction) {
    const {visible, marked} = this.pictures[run];
    const {length} = visible;
    for (let k = 1; k <= length; ++k) {
      const i = ((marked < 0 && direction < 0 ? 0 : marked) + direction * k + length * 2) % length;
      if (visible[i]) {
        this.mark(run, i);
        return;
      }
    }
  }

  // Marks pixel i of a run, and the same pixel of the others; -1: none.
  mark(run, i) {
    const marks = this.pictures.map((_, r) => (i < 0 ? -1 : r === run ? i : this.store.linked(run, i, r)));
    this.pictures.forEach((picture, r) => {
      picture.marked = marks[r];
    });
    this.markedIn = i < 0 ? -1 : run;
    this.draw();
    if (i < 0) {
      this.card.hide();
      return;
    }
    const snapshots = this.pictures.map((picture) => picture.content.snapshot);
    this.card.show({run, marks, snapshots, level: this.state.level, dark: isDark()});
  }

  drawNow() {
    const began = performance.now();
    for (const picture of this.pictures) {
      picture.fit();
      picture.draw();
    }
    this.drawMilliseconds = performance.now() - began;
  }
}
