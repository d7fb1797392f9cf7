import * as tf from '@tensorflow/tfjs-core';

/**
 * An option as JSON, so that a checkpoint can compare it with another one. Functions, regular expressions and numbers that JSON
 * lacks become text. A function with a field `settings`, which says what it was made with, becomes that field. The variables
 * that a function closes over are not compared.
 */
export function asSettings(value: unknown): unknown {
  if (typeof value === 'function') {
    const { settings } = value as { settings?: unknown };
    return settings === undefined ? String(value) : asSettings(settings);
  }
  if (value instanceof RegExp) return String(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (value instanceof tf.Tensor) return `tensor [${value.shape}]`;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return [...(value as unknown[])].map(asSettings);
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).filter(([, each]) => each !== undefined);
    return Object.fromEntries(entries.map(([key, each]) => [key, asSettings(each)]));
  }
  return value;
}
