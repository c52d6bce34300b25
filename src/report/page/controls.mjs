// The controls above the pictures. Each writes one key of the state by set({key: value}).

import {element} from './dom.mjs';
import {KEYS_HELP} from './gestures.mjs';

function choice(label, name, values, set) {
  const select = element('select', {name, onchange: () => set({[name]: select.value})},
                         ...values.map(([value, text]) => element('option', {value}, text)));
  return [element('label', {class: 'control'}, element('span', {}, label), select), select];
}

function tick(label, name, set) {
  const box = element('input', {type: 'checkbox', name, onchange: () => set({[name]: box.checked})});
  return [element('label', {class: 'control tick'}, box, element('span', {}, label)), box];
}

export class Controls {
  // actions: {set(changes), reset()}.
  constructor(store, {set, reset}) {
    this.store = store;
    const levels = store.tree.levels.map((level, k) => [k + 1, `${k + 1} (${level.length} classes)`]);
    const parts = [];
    const keep = (name, [label, input]) => {
      this[name] = input;
      parts.push(label);
    };
    keep('level', choice('Level', 'level', levels, ({level}) => set({level: Number(level)})));
    keep('color', choice('Colour by', 'color', [['truth', 'true class'], ['prediction', 'predicted class']], set));
    keep('errors', tick('only errors at this level', 'errors', set));
    keep('edges', tick('tree', 'edges', set));
    keep('labels', tick('names', 'labels', set));
    keep('rings', tick('rings', 'rings', set));
    parts.push(element('button', {type: 'button', name: 'reset', onclick: reset, title: 'also: key R'}, 'Reset view'));
    this.epoch = element('input', {
      type: 'range', name: 'epoch', min: 0, max: store.epochs.length - 1, step: 1,
      oninput: () => set({epoch: Number(this.epoch.value)}),
    });
    this.epochText = element('output', {class: 'epoch-text'});
    const slider = element('label', {class: 'control slider', hidden: store.epochs.length < 2},
                           element('span', {}, 'Epoch'), this.epoch, this.epochText);
    this.shown = element('output', {class: 'shown-count'});
    this.root = element('div', {class: 'controls'}, ...parts, slider, this.shown,
                        element('details', {class: 'keys'}, element('summary', {}, 'keys'),
                                element('p', {}, KEYS_HELP)));
  }

  // Makes the controls say what the state is.
  show(state, epochIndex, counts) {
    this.level.value = String(state.level);
    this.color.value = state.color;
    for (const name of ['errors', 'edges', 'labels', 'rings']) {
      this[name].checked = state[name];
    }
    this.epoch.value = String(epochIndex);
    const epoch = this.store.epochs[epochIndex];
    this.epochText.textContent = `${Number(epoch.toFixed(2))} of ${Number(this.store.epochs.at(-1).toFixed(2))}`;
    this.epoch.setAttribute('aria-valuetext', `epoch ${this.epochText.textContent}`);
    this.shown.textContent = counts.map(([shown, all]) => `${shown} of ${all}`).join(' | ') + ' pixels shown';
  }
}
