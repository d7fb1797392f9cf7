import { expect, test } from 'vitest';
import { rangesInWords } from './strip';

test('ranges are given with their units', () => {
  expect(rangesInWords({ translate: 1.26, rotate: 10.2, scale: 0.084 })).toBe(
    'shifted by up to 1.3 pixels, turned by up to 10°, scaled by up to 1.08',
  );
});
