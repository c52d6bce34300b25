// The classes of the level that is shown: colour, marker, name, how many points; a click hides or shows
// one, a click with shift or alt shows it alone.

import {CanvasSurface} from './canvas_surface.mjs';
import {element} from './dom.mjs';

const SWATCH = 16;

function swatchOf(look) {
  const canvas = element('canvas', {class: 'marker', 'aria-hidden': 'true'});
  const surface = new CanvasSurface(canvas, SWATCH, SWATCH, 2);
  surface.openMarkers();
  surface.marker(SWATCH / 2, SWATCH / 2, look.shape, 5, look.color);
  surface.closeMarkers();
  return canvas;
}

// classes: [{node, name, title, look, count, hidden}]; toggle(node, alone), all(shown).
export function legendOf(classes, {toggle, all}) {
  const items = classes.map(({node, name, title, look, count, hidden}) =>
    element('li', {},
            element('button',
                    {
                      type: 'button', class: 'legend-item', title, 'data-node': node,
                      'aria-pressed': hidden ? 'false' : 'true',
                      onclick: (event) => toggle(node, event.shiftKey || event.altKey),
                    },
                    swatchOf(look), element('span', {class: 'legend-name'}, name),
                    element('span', {class: 'legend-count'}, String(count)))));
  return [
    element('div', {class: 'legend-head'},
            element('span', {}, 'Classes'),
            element('button', {type: 'button', class: 'quiet', 'data-show': 'all', onclick: () => all(true)}, 'all'),
            element('button', {type: 'button', class: 'quiet', 'data-show': 'none', onclick: () => all(false)}, 'none')),
    element('ul', {class: 'legend-list', title: 'click hides or shows; shift-click shows alone'}, ...items),
  ];
}

// Hidden classes after a click.
export function toggledClasses(hidden, node, alone, nodes) {
  const next = new Set(hidden);
  if (alone) {
    const others = nodes.filter((other) => other !== node);
    const isAlone = !next.has(node) && others.every((other) => next.has(other));
    others.forEach((other) => (isAlone ? next.delete(other) : next.add(other)));
    next.delete(node);
  } else if (!next.delete(node)) {
    next.add(node);
  }
  return [...next].sort((a, b) => a - b);
}
