// A picture as a file: the scene as it is on the screen, its name above and its caption below.

import {CanvasSurface} from './canvas_surface.mjs';
import {SvgSurface} from './svg_surface.mjs';

const TITLE = 30; // heights of the bands for text, pixels
const LINE = 16;
const PNG_SCALE = 2;

function wrapped(text, surface, size, width) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const longer = lines[lines.length - 1] ? `${lines[lines.length - 1]} ${word}` : word;
    if (surface.textWidth(longer, size) > width && lines[lines.length - 1]) {
      lines.push(word);
    } else {
      lines[lines.length - 1] = longer;
    }
  }
  return lines;
}

// draw(surface) draws the scene, which fills width x height from the top.
function withTexts(surface, draw, {title, caption, width, height, theme}) {
  draw(surface);
  surface.text(10, 20, title, {size: 14, color: theme.ink, halo: theme.ground, bold: true});
  wrapped(caption, surface, 11, width - 24).forEach((line, i) => {
    surface.text(10, height + LINE * (i + 1) - 4, line, {size: 11, color: theme.muted});
  });
}

const captionLines = (caption, width) => Math.ceil((caption.length * 11 * 0.56) / (width - 60)) + 1;

export function svgOf(draw, figure) {
  const surface = new SvgSurface(figure.width, figure.height + LINE * captionLines(figure.caption, figure.width),
                                 figure.title);
  withTexts(surface, draw, figure);
  return surface.document();
}

export function pngOf(draw, figure) {
  const canvas = document.createElement('canvas');
  const height = figure.height + LINE * captionLines(figure.caption, figure.width);
  const surface = new CanvasSurface(canvas, figure.width, height, PNG_SCALE);
  withTexts(surface, draw, figure);
  return new Promise((done) => canvas.toBlob(done, 'image/png'));
}

export function saveAs(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}
