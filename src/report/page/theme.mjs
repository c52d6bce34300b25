// Light and dark: the system's choice until the reader makes one, and class colours that show on both.

const systemDark = () => window.matchMedia('(prefers-color-scheme: dark)');

export const isDark = () => {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === 'dark' : systemDark().matches;
};

// theme: '' | light | dark.
export function setTheme(theme) {
  if (theme) {
    document.documentElement.dataset.theme = theme;
  } else {
    delete document.documentElement.dataset.theme;
  }
}

export const onSystemTheme = (listener) => systemDark().addEventListener('change', listener);

// The colours of the canvas, from the style sheet.
export function canvasTheme() {
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name).trim();
  return {
    ink: color('--ink'),
    muted: color('--muted'),
    ground: color('--ground'),
    disk: color('--disk'),
    line: color('--line'),
    edge: color('--edge'),
    dark: isDark(),
  };
}

const channels = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
const hexOf = (rgb) => '#' + rgb.map((c) => Math.round(c).toString(16).padStart(2, '0')).join('');

// Relative luminance in [0, 1] (WCAG 2).
export function luminance(hex) {
  const [r, g, b] = channels(hex).map((c) => {
    const s = c / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

// A class colour that keeps its hue and stands apart from the ground: yellows darker on white, near
// blacks lighter on black.
export function legibleColor(hex, dark) {
  const enough = (color) => (dark ? luminance(color) >= 0.1 : luminance(color) <= 0.55);
  let color = hex;
  for (let step = 0; step < 20 && !enough(color); ++step) {
    color = hexOf(channels(color).map((c) => (dark ? c + (255 - c) * 0.1 : c * 0.95)));
  }
  return color;
}
