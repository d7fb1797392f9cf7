export function randomNumbers(seed: number): () => number;
export function shuffled(count: number, random: () => number): number[];
export function batches(count: number, size: number, seed: number): Generator<number[], never>;
