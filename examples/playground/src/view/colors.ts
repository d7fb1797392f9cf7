export type Rgb = readonly [number, number, number];

const scheme = matchMedia('(prefers-color-scheme: dark)');
const known = new Map<string, Rgb>();
scheme.addEventListener('change', () => known.clear());

/** The present color of a custom property of style.css, in the light or the dark scheme. */
export function themeColor(name: string): Rgb {
  let color = known.get(name);
  if (!color) {
    const probe = document.createElement('i');
    probe.style.color = `var(--${name})`;
    document.body.append(probe);
    const [r, g, b] = getComputedStyle(probe)
      .color.match(/[\d.]+/g)!
      .map(Number);
    probe.remove();
    color = [r, g, b];
    known.set(name, color);
  }
  return color;
}

export const mix = (from: Rgb, to: Rgb, share: number): Rgb => [
  from[0] + (to[0] - from[0]) * share,
  from[1] + (to[1] - from[1]) * share,
  from[2] + (to[2] - from[2]) * share,
];

export const css = (color: Rgb) => `rgb(${color.map(Math.round).join(' ')})`;

/** Calls back when the scheme changes between light and dark. */
export function onThemeChange(callback: () => void): void {
  scheme.addEventListener('change', callback);
}
