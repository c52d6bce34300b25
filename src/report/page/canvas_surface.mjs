// Drawing onto a canvas.

import {MarkerLayer} from './marker_layer.mjs';

export class CanvasSurface {
  // scale: device pixels a page pixel. Coordinates are in page pixels.
  constructor(canvas, width, height, scale) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    this.context = canvas.getContext('2d');
    this.width = width;
    this.height = height;
    this.scale = scale;
    this.markers = null;
    this.context.setTransform(scale, 0, 0, scale, 0, 0);
  }

  clear(color) {
    this.context.fillStyle = color;
    this.context.fillRect(0, 0, this.width, this.height);
  }

  openClip(x, y, radius) {
    this.context.save();
    this.context.beginPath();
    this.context.arc(x, y, radius, 0, 2 * Math.PI);
    this.context.clip();
  }

  closeClip() {
    this.context.restore();
  }

  circle(x, y, radius, {fill, stroke, width = 1, dash = []}) {
    const {context} = this;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    this.paint({fill, stroke, width, dash});
  }

  // The shorter arc of the circle between two points or, where it is null, the line through all points.
  edge(points, circle, {stroke, width = 1}) {
    const {context} = this;
    context.beginPath();
    if (circle) {
      const [from, to] = points.map(([x, y]) => Math.atan2(y - circle.y, x - circle.x));
      const turn = Math.sin(to - from) < 0;
      context.arc(circle.x, circle.y, circle.radius, from, to, turn);
    } else {
      points.forEach(([x, y], i) => (i === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
    }
    this.paint({stroke, width, dash: []});
  }

  // What is drawn until closeMarkers are markers alone.
  openMarkers() {
    this.markers = this.markers || new MarkerLayer(this.context.canvas.width, this.context.canvas.height);
    this.markers.clear();
  }

  marker(x, y, shape, radius, fill) {
    this.markers.add(x * this.scale, y * this.scale, shape, radius * this.scale, fill);
  }

  closeMarkers() {
    this.context.save();
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.context.drawImage(this.markers.painted(), 0, 0);
    this.context.restore();
  }

  text(x, y, text, {size, color, halo, anchor = 'start', bold = false}) {
    const {context} = this;
    context.font = `${bold ? '600 ' : ''}${size}px system-ui, sans-serif`;
    context.textAlign = anchor === 'middle' ? 'center' : anchor;
    if (halo) {
      context.strokeStyle = halo;
      context.lineWidth = 3;
      context.lineJoin = 'round';
      context.strokeText(text, x, y);
    }
    context.fillStyle = color;
    context.fillText(text, x, y);
  }

  textWidth(text, size) {
    this.context.font = `${size}px system-ui, sans-serif`;
    return this.context.measureText(text).width;
  }

  paint({fill, stroke, width, dash}) {
    const {context} = this;
    if (fill) {
      context.fillStyle = fill;
      context.fill();
    }
    if (stroke) {
      context.strokeStyle = stroke;
      context.lineWidth = width;
      context.setLineDash(dash);
      context.stroke();
    }
  }
}
