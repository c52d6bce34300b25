// The same drawing as canvas_surface.mjs, written as an SVG document.

import {markerCorners} from './marker_layer.mjs';

const short = (x) => String(Math.round(x * 100) / 100);
const escaped = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

export class SvgSurface {
  constructor(width, height, title) {
    this.width = width;
    this.height = height;
    this.body = [`<title>${escaped(title)}</title>`];
    this.clips = 0;
  }

  clear(color) {
    this.body.push(`<rect width="${this.width}" height="${this.height}" fill="${color}"/>`);
  }

  openClip(x, y, radius) {
    const id = `clip${++this.clips}`;
    this.body.push(`<clipPath id="${id}"><circle cx="${short(x)}" cy="${short(y)}" r="${short(radius)}"/>` +
                   `</clipPath><g clip-path="url(#${id})">`);
  }

  closeClip() {
    this.body.push('</g>');
  }

  circle(x, y, radius, paint) {
    this.body.push(`<circle cx="${short(x)}" cy="${short(y)}" r="${short(radius)}"${this.paint(paint)}/>`);
  }

  edge(points, circle, paint) {
    const [from, ...others] = points.map((z) => z.map(short).join(' '));
    let shape = others.map((z) => `L${z}`).join('');
    if (circle) {
      const [p, q] = points;
      const turn = (p[0] - circle.x) * (q[1] - circle.y) - (p[1] - circle.y) * (q[0] - circle.x);
      shape = `A${short(circle.radius)} ${short(circle.radius)} 0 0 ${turn > 0 ? 1 : 0} ${others[0]}`;
    }
    this.body.push(`<path d="M${from}${shape}"${this.paint(paint)}/>`);
  }

  openMarkers() {}

  closeMarkers() {}

  marker(x, y, shape, radius, fill) {
    const corners = markerCorners(shape, x, y, radius);
    if (corners) {
      const points = corners.map((z) => z.map(short).join(',')).join(' ');
      this.body.push(`<polygon points="${points}"${this.paint({fill})}/>`);
    } else {
      this.circle(x, y, radius, {fill});
    }
  }

  text(x, y, text, {size, color, halo, anchor = 'start', bold = false}) {
    const outline = halo ? ` stroke="${halo}" stroke-width="3" stroke-linejoin="round" paint-order="stroke"` : '';
    this.body.push(`<text x="${short(x)}" y="${short(y)}" font-family="system-ui, sans-serif" ` +
                   `font-size="${size}" text-anchor="${anchor}"${bold ? ' font-weight="600"' : ''} ` +
                   `fill="${color}"${outline}>${escaped(text)}</text>`);
  }

  // Near enough for keeping labels apart.
  textWidth(text, size) {
    return text.length * size * 0.56;
  }

  paint({fill, stroke, width = 1, dash = []}) {
    const line = stroke ? ` stroke="${stroke}" stroke-width="${width}"` : '';
    const dashes = stroke && dash.length > 0 ? ` stroke-dasharray="${dash.join(' ')}"` : '';
    return ` fill="${fill || 'none'}"${line}${dashes}`;
  }

  document() {
    return '<?xml version="1.0" encoding="UTF-8"?>\n' +
      `<svg xmlns="http://www.w3.org/2000/svg" width="${this.width}" height="${this.height}" ` +
      `viewBox="0 0 ${this.width} ${this.height}">\n${this.body.join('\n')}\n</svg>\n`;
  }
}
