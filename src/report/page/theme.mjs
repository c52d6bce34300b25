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

// Luminances that leave a contrast of 3 to 1, and the shades of the darkest and lightest class colours:
// ../theme.cpp and theme.h.
const MOST_ON_LIGHT = 0.28;
const LEAST_ON_DARK = 0.14;
const DARKEST_SHADE = 0.4;
const LIGHTEST_SHADE = 0.87;

const linear = (hex) => [1, 3, 5].map((i) => {
  const s = parseInt(hex.slice(i, i + 2), 16) / 255;
  return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
});
const hexOf = (rgb) => '#' + rgb.map((c) => {
  const s = c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055;
  return Math.round(255 * s).toString(16).padStart(2, '0');
}).join('');
const luminanceOf = ([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

// Relative luminance in [0, 1] (WCAG 2).
export const luminance = (hex) => luminanceOf(linear(hex));

// The colour at a luminance: scaled, then mixed with grey where a channel would pass 1.
function relit(rgb, target) {
  const own = luminanceOf(rgb);
  const scaled = rgb.map((c) => (own > 0 ? (c * target) / own : target));
  const largest = Math.max(...scaled);
  const share = largest > 1 ? (1 - target) / (largest - target) : 1;
  return scaled.map((c) => target + (c - target) * share);
}

// A class colour as a mark: darker on white, lighter on black, all in proportion, hue kept (readable
// in theme.h).
export function legibleColor(hex, dark) {
  const rgb = linear(hex);
  const shade = Math.cbrt(luminanceOf(rgb));
  const most = Math.cbrt(MOST_ON_LIGHT);
  const least = Math.cbrt(LEAST_ON_DARK);
  const moved = dark
    ? Math.max(least, 1 - ((1 - shade) * (1 - least)) / (1 - DARKEST_SHADE))
    : Math.min(most, (shade * most) / LIGHTEST_SHADE);
  return hexOf(relit(rgb, moved ** 3));
}
