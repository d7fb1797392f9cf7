import * as tf from '@tensorflow/tfjs-core';

/**
 * An option as JSON, so that a checkpoint can tell it from another one: functions and regular expressions as text,
 * unless a function says by a field `settings` what it was made with, and numbers that JSON lacks as text too. Of what
 * a function closes over nothing is known.
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
