// What the reader has chosen, kept in the address after '#': a link shows the same picture again.

const DEFAULTS = {
  level: 0, // 0: the finest
  color: 'truth', // truth | prediction
  errors: false, // only the pixels that are wrong at the level
  hidden: [], // nodes, hidden where they are classes of the level shown; -1: the points of no class
  epoch: -1, // index into the epochs; -1: the last
  rings: true,
  edges: true,
  labels: true,
  theme: '', // '': as the system has it | light | dark
  views: [], // per run {map: [4 numbers], zoom, x, y}; null where untouched
};

export function writeHash(state) {
  const parts = new URLSearchParams();
  for (const key of ['level', 'color', 'epoch', 'theme']) {
    if (state[key] !== DEFAULTS[key]) {
      parts.set(key, state[key]);
    }
  }
  for (const key of ['errors', 'rings', 'edges', 'labels']) {
    if (state[key] !== DEFAULTS[key]) {
      parts.set(key, state[key] ? '1' : '0');
    }
  }
  if (state.hidden.length > 0) {
    parts.set('hidden', state.hidden.join('.'));
  }
  state.views.forEach((view, i) => {
    if (view) {
      parts.set(`view${i}`, [...view.map, view.zoom, view.x, view.y].join('_'));
    }
  });
  return parts.toString();
}

const FURTHEST = 1e100; // of a map's numbers: their products stay finite

function readView(text) {
  const numbers = (text || '').split('_').map(Number);
  const [ar, ai, br, bi, zoom] = numbers;
  const usable = Math.hypot(ar, ai) > 0 && Math.hypot(ar, ai, br, bi) < FURTHEST && zoom > 0;
  if (numbers.length !== 7 || !numbers.every(Number.isFinite) || !usable) {
    return null;
  }
  return {map: numbers.slice(0, 4), zoom: numbers[4], x: numbers[5], y: numbers[6]};
}

const integerIn = (text, low, high, otherwise) => {
  const value = Number(text);
  return text !== null && Number.isInteger(value) && value >= low && value <= high ? value : otherwise;
};

// Whatever of the text is not understood has its default. levels, epochs, views: how many there are.
export function readHash(text, {levels, epochs, views}) {
  const parts = new URLSearchParams(text.replace(/^#/, ''));
  const flag = (key) => (parts.has(key) ? parts.get(key) === '1' : DEFAULTS[key]);
  const choice = (key, values) => (values.includes(parts.get(key)) ? parts.get(key) : DEFAULTS[key]);
  const hidden = (parts.get('hidden') || '').split('.').filter((n) => /^(-1|\d+)$/.test(n)).map(Number);
  return {
    level: integerIn(parts.get('level'), 1, levels, DEFAULTS.level),
    color: choice('color', ['truth', 'prediction']),
    errors: flag('errors'),
    hidden,
    epoch: integerIn(parts.get('epoch'), 0, epochs - 1, DEFAULTS.epoch),
    rings: flag('rings'),
    edges: flag('edges'),
    labels: flag('labels'),
    theme: choice('theme', ['light', 'dark']),
    views: Array.from({length: views}, (_, i) => readView(parts.get(`view${i}`))),
  };
}
