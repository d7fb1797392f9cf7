export type Rgb = readonly [number, number, number];

/** The colour that a custom property of style.css stands for now, in the light or the dark scheme. */
export function themeColor(name: string): Rgb {
  const probe = document.createElement('i');
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const [r, g, b] = getComputedStyle(probe)
    .color.match(/[\d.]+/g)!
    .map(Number);
  probe.remove();
  return [r, g, b];
}

export const mix = (from: Rgb, to: Rgb, share: number): Rgb => [
  from[0] + (to[0] - from[0]) * share,
  from[1] + (to[1] - from[1]) * share,
  from[2] + (to[2] - from[2]) * share,
];

export const css = (color: Rgb) => `rgb(${color.map(Math.round).join(' ')})`;

/** Calls back when the scheme changes between light and dark. */
export function onThemeChange(callback: () => void): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', callback);
}
