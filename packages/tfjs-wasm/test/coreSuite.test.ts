import { expect, test } from 'vitest';
import { native } from './builtNative';
import { runSuite } from './coreSuite.mjs';

/** Specs that fail on the stock backend, in kernels that are not ours. */
const STOCK_DEFECTS = [
  /^clipByValue (basic vec4|propagates NaNs)/, // NaN is clipped
  /string/,
  /^squeeze /, // of strings
  /^tile /, // of strings
  /^fused depthwiseConv2D .*bias/, // a bias with another size than one number per channel
  /^pool (max|avg) .*fractional outputs default rounding/, // beyond the padding
  /^threshold method otsu/,
  /^slice2d throws when requesting out of bounds slice/,
  /^(equal|notEqual|less|lessEqual|greater|greaterEqual) should support string comparison/,
];

// On native kernels too, where they were built.
test.each(native ? (['ours', 'native'] as const) : (['ours'] as const))(
  '%s: every spec of tfjs-core passes, except those that lack a kernel or fail in one that is not ours',
  async (backend) => {
    const results = await runSuite(backend);
    expect(results.filter(([, status]) => status === 'passed').length).toBeGreaterThan(4000);
    const unexplained = results.filter(
      ([name, status, message]) =>
        status === 'failed' &&
        !/not registered/.test(message) &&
        !STOCK_DEFECTS.some((known) => known.test(name)),
    );
    expect(unexplained).toEqual([]);
  },
  120_000,
);
