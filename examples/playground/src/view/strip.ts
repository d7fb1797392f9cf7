import type { Strip } from '../fashion/fashionPicture';

/** Draws a strip of images at its own size; the style sheet scales it. */
export function drawStrip(canvas: HTMLCanvasElement, { pixels, width }: Strip): void {
  const height = pixels.length / width;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const image = new ImageData(width, height);
  const words = new Uint32Array(image.data.buffer);
  // Opaque grey: one byte for each of red, green and blue, in whichever order the machine has them.
  pixels.forEach((grey, i) => {
    words[i] = 0xff000000 | (grey << 16) | (grey << 8) | grey;
  });
  canvas.getContext('2d')?.putImageData(image, 0, 0);
}

/** The learned ranges in words and in their units. */
export function rangesInWords({ translate, rotate, scale }: Readonly<Record<string, number>>): string {
  return `shifted by up to ${translate.toFixed(1)} pixels, turned by up to ${rotate.toFixed(0)}°, scaled by up to ${(1 + scale).toFixed(2)}`;
}
