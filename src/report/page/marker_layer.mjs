// Thousands of small markers a frame: their pixels are copied into one image, which costs a fifth of drawing
// them one by one on a canvas without a GPU.

export const MARKER_SHAPES = ['circle', 'square', 'triangle', 'diamond', 'cross', 'down'];

const CORNERS = {
  square: [[-0.85, -0.85], [0.85, -0.85], [0.85, 0.85], [-0.85, 0.85]],
  triangle: [[0, -1.15], [1.05, 0.75], [-1.05, 0.75]],
  down: [[0, 1.15], [1.05, -0.75], [-1.05, -0.75]],
  diamond: [[0, -1.25], [1.05, 0], [0, 1.25], [-1.05, 0]],
  cross: [[-1.1, -0.4], [-0.4, -0.4], [-0.4, -1.1], [0.4, -1.1], [0.4, -0.4], [1.1, -0.4], [1.1, 0.4], [0.4, 0.4],
    [0.4, 1.1], [-0.4, 1.1], [-0.4, 0.4], [-1.1, 0.4]],
};

// The outline of a marker about (x, y), as corners; null for the circle.
export const markerCorners = (shape, x, y, r) =>
  (CORNERS[shape] ? CORNERS[shape].map(([dx, dy]) => [x + r * dx, y + r * dy]) : null);

// The pixels of a marker about a pixel: {reach, dx, dy, colors}, colours as they stand in memory (ABGR).
function stampOf(shape, radius, fill) {
  const reach = Math.ceil(1.3 * radius + 1);
  const side = 2 * reach + 1;
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = side;
  const context = canvas.getContext('2d', {willReadFrequently: true});
  const corners = markerCorners(shape, reach + 0.5, reach + 0.5, radius);
  context.beginPath();
  if (corners) {
    corners.forEach(([x, y], i) => (i === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
  } else {
    context.arc(reach + 0.5, reach + 0.5, radius, 0, 2 * Math.PI);
  }
  context.fillStyle = fill;
  context.fill();
  const pixels = new Uint32Array(context.getImageData(0, 0, side, side).data.buffer);
  const stamp = {reach, dx: [], dy: [], colors: []};
  pixels.forEach((color, k) => {
    if (color >>> 24) {
      stamp.dx.push((k % side) - reach);
      stamp.dy.push(Math.floor(k / side) - reach);
      stamp.colors.push(color);
    }
  });
  return stamp;
}

// A colour over another, both with alpha.
function over(top, below) {
  const a = top >>> 24;
  const rest = ((below >>> 24) * (255 - a)) / 255;
  const alpha = a + rest;
  let result = Math.round(alpha) << 24;
  for (const shift of [0, 8, 16]) {
    result |= Math.round((((top >>> shift) & 255) * a + ((below >>> shift) & 255) * rest) / alpha) << shift;
  }
  return result >>> 0;
}

export class MarkerLayer {
  // Sides in device pixels.
  constructor(width, height) {
    this.canvas = document.createElement('canvas');
    this.canvas.width = width;
    this.canvas.height = height;
    this.context = this.canvas.getContext('2d');
    this.image = this.context.createImageData(width, height);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.stamps = new Map();
  }

  clear() {
    this.pixels.fill(0);
  }

  // x, y, radius in device pixels; the marker stands on the nearest whole one.
  add(x, y, shape, radius, fill) {
    const key = `${shape} ${radius} ${fill}`;
    let stamp = this.stamps.get(key);
    if (!stamp) {
      stamp = stampOf(shape, radius, fill);
      this.stamps.set(key, stamp);
    }
    const {width, height} = this.canvas;
    const left = Math.floor(x);
    const top = Math.floor(y);
    const {reach, dx, dy, colors} = stamp;
    const whole = left >= reach && top >= reach && left < width - reach && top < height - reach;
    for (let k = 0; k < colors.length; ++k) {
      const px = left + dx[k];
      const py = top + dy[k];
      if (whole || (px >= 0 && py >= 0 && px < width && py < height)) {
        const at = py * width + px;
        const below = this.pixels[at];
        this.pixels[at] = below === 0 || colors[k] >>> 24 === 255 ? colors[k] : over(colors[k], below);
      }
    }
  }

  // The layer as a picture.
  painted() {
    this.context.putImageData(this.image, 0, 0);
    return this.canvas;
  }
}
