// The card of the marked pixel: its surroundings with the pixel framed, paths, norm, distances.

import {element} from './dom.mjs';
import {legibleColor} from './theme.mjs';

const CROP = 176; // side on the page, pixels

const figure = (x) => (Number.isFinite(x) ? x.toPrecision(4) : '–');

// Side of the square of image pixels around the pixel: half of the smaller side of the image.
export const cropSide = (width, height) => Math.max(16, Math.min(96, Math.round(Math.min(width, height) / 2)));

// Draws the image around (row, column), enlarged with square pixels, and frames the pixel.
export function drawCrop(canvas, picture, {row, column, width, height}) {
  const side = cropSide(width, height);
  const scale = CROP / side;
  const left = column - Math.floor(side / 2);
  const top = row - Math.floor(side / 2);
  canvas.width = canvas.height = CROP;
  const context = canvas.getContext('2d');
  context.imageSmoothingEnabled = false;
  context.fillStyle = '#808080';
  context.fillRect(0, 0, CROP, CROP);
  if (picture.complete && picture.naturalWidth > 0) {
    // The stored picture may be smaller than the image that was embedded.
    const stored = picture.naturalWidth / width;
    context.drawImage(picture, 0, 0, picture.naturalWidth, picture.naturalHeight, -left * scale, -top * scale,
                      (picture.naturalWidth / stored) * scale, (picture.naturalHeight / stored) * scale);
  }
  const x = (column - left) * scale;
  const y = (row - top) * scale;
  for (const [grow, color] of [[3.5, '#000000'], [2, '#ffffff']]) {
    context.strokeStyle = color;
    context.lineWidth = 1.5;
    context.strokeRect(x - grow, y - grow, scale + 2 * grow, scale + 2 * grow);
  }
}

export class HoverCard {
  constructor(store) {
    this.store = store;
    this.pictures = store.images.map(() => null);
    this.crop = element('canvas', {class: 'crop', width: CROP, height: CROP, role: 'img'});
    this.text = element('div', {class: 'card-text'});
    this.root = element('div', {class: 'hover-card', role: 'status', 'aria-live': 'polite'}, this.crop, this.text);
    this.hide();
  }

  hide() {
    this.root.classList.add('empty');
    this.text.replaceChildren(element('p', {class: 'card-place'}, 'Point at a pixel to see where it is from.'));
  }

  // marks: per run the index of the pixel in it, or -1; snapshots: per run what is shown; run: the one that
  // is pointed at; level: for the verdict.
  show({run, marks, snapshots, level, dark}) {
    const {store} = this;
    const at = store.runs[run];
    const i = marks[run];
    const image = store.images[at.image[i]];
    const row = at.row[i];
    const column = at.column[i];
    this.drawWhenLoaded(at.image[i], {row, column, width: image.width, height: image.height});
    this.crop.setAttribute('aria-label', `${image.name} around row ${row}, column ${column}`);
    this.text.replaceChildren(
      element('p', {class: 'card-place'}, `${image.name}, row ${row}, column ${column}`),
      this.line('truth', at.truthNode[i], dark),
      ...marks.flatMap((index, r) => (index < 0 ? [] : this.runLines(store.runs[r], index, snapshots[r], level, dark))));
    this.root.classList.remove('empty');
  }

  drawWhenLoaded(index, place) {
    const image = this.store.images[index];
    if (!this.pictures[index]) {
      this.pictures[index] = new Image();
      this.pictures[index].src = image.src;
    }
    const picture = this.pictures[index];
    this.wanted = index;
    drawCrop(this.crop, picture, place);
    if (!picture.complete) {
      picture.onload = () => this.wanted === index && drawCrop(this.crop, picture, place);
    }
  }

  line(what, node, dark) {
    const {tree} = this.store;
    const swatch = element('span', {class: 'swatch'});
    swatch.style.background = node < 0 ? 'transparent' : legibleColor(tree.colors[node], dark);
    return element('p', {class: 'card-line', 'data-what': what}, element('span', {class: 'what'}, what), swatch,
                   element('span', {class: 'path'}, node < 0 ? '(undecided)' : tree.paths[node].split('/').join(' / ')));
  }

  runLines(run, i, snapshot, level, dark) {
    const several = this.store.runs.length > 1;
    const deepest = snapshot.predicted[snapshot.predicted.length - 1][i];
    const wrong = run.wrong(snapshot, level, i);
    return [
      several ? element('p', {class: 'card-run'}, run.name) : null,
      this.line('predicted', deepest, dark),
      element('p', {class: `verdict ${wrong ? 'wrong' : 'right'}`},
              `${wrong ? '✗ wrong' : '✓ right'} at level ${level}, probability ${figure(snapshot.confidence[i])}`),
      element('p', {class: 'card-numbers'},
              `norm (distance from the origin) ${figure(snapshot.radius[i])}, ` +
              `distance to its class prototype ${figure(snapshot.prototypeDistance[i])}`),
    ].filter((line) => line !== null);
  }
}
