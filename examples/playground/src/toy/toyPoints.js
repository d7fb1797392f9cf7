import { randomNumbers } from '../shared/random.js';

const normal = (random) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** One point of a class, 0 or 1, within about two units of the origin. */
const shapes = {
  moons(label, random) {
    const angle = Math.PI * random();
    const [x, y] = [Math.cos(angle) - 0.5, Math.sin(angle) - 0.25];
    const side = label === 0 ? 1 : -1;
    return [side * x + 0.2 * normal(random), side * y + 0.2 * normal(random)];
  },
  circles(label, random) {
    const angle = 2 * Math.PI * random();
    const radius = (label === 0 ? 0.6 : 1.35) + 0.18 * normal(random);
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  },
  spirals(label, random) {
    const along = Math.sqrt(random());
    const angle = 2 * Math.PI * along + Math.PI * label;
    const radius = 0.15 + 1.45 * along;
    return [
      radius * Math.cos(angle) + 0.08 * normal(random),
      radius * Math.sin(angle) + 0.08 * normal(random),
    ];
  },
  blobs(label, random) {
    const side = random() < 0.5 ? -1 : 1;
    const other = label === 0 ? side : -side;
    return [0.85 * side + 0.4 * normal(random), 0.85 * other + 0.4 * normal(random)];
  },
};

/** `count` points with two numbers each, and their labels 0 or 1. The share `flipped` of the labels is wrong. */
export function toyPoints(shape, count, flipped, seed) {
  const random = randomNumbers(seed);
  const xs = new Float32Array(2 * count);
  const labels = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const label = i % 2;
    xs.set(shapes[shape](label, random), 2 * i);
    labels[i] = random() < flipped ? 1 - label : label;
  }
  return { xs, labels };
}
