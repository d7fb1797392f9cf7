import { expect, test } from 'vitest';
import { resultOfText, textOfResult } from './resultText';

test('JSON and typed arrays are restored exactly', () => {
  const window = new Float32Array([9, 0.1, Number.NaN, -0, 9]).subarray(1, 4);
  const result = { a: [1, 'b', null, true], deep: { f: window, bytes: Uint8Array.of(1, 255) }, x: 0.1 + 0.2 };
  const back = resultOfText(textOfResult(result)) as typeof result;
  expect(back).toEqual(result);
  expect(new Uint32Array(back.deep.f.buffer)).toEqual(new Uint32Array(new Float32Array(window).buffer));
});

test.each([
  [undefined, 'result is undefined'],
  [{ loss: Number.NaN }, 'result.loss is NaN'],
  [{ a: [0, { b: Number.POSITIVE_INFINITY }] }, 'result.a[1].b is Infinity'],
  [{ f: () => 1 }, 'result.f is a function'],
  [[1n], 'result[0] is a bigint'],
  [{ a: undefined }, 'result.a is undefined'],
  // biome-ignore lint/suspicious/noSparseArray: that it has a hole is the point
  [[1, , 2], 'result[1] is undefined'],
  [new Map(), 'result is a Map'],
  [{ when: new Date(0) }, 'result.when is a Date'],
  [{ $typedArray: 'Int8Array' }, 'result is an object with the property $typedArray'],
])('%o is refused by its place', (value, message) => {
  expect(() => textOfResult(value)).toThrow(message);
});

test('an object that contains itself is refused; one that occurs twice is not', () => {
  const circle: any = {};
  circle.self = circle;
  expect(() => textOfResult(circle)).toThrow('result.self is an object that contains itself');
  const twice = [1];
  expect(resultOfText(textOfResult([twice, twice]))).toEqual([[1], [1]]);
});
