// Runs the whole suite and ends with one plain line, `N passed, N failed, N skipped`, that any CI can read.
import { startVitest } from 'vitest/node';

const vitest = await startVitest('test', process.argv.slice(2), { watch: false });
const count = { passed: 0, failed: 0, skipped: 0 };
for (const module of vitest.state.getTestModules()) {
  for (const test of module.children.allTests()) {
    const { state } = test.result();
    count[state === 'passed' || state === 'failed' ? state : 'skipped'] += 1;
  }
}
const broken = vitest.state.getTestModules().filter((module) => module.state() === 'failed').length;
const unhandled = vitest.state.getUnhandledErrors().length;
await vitest.close();
const failed = Math.max(count.failed, broken + unhandled > 0 ? 1 : 0);
console.log(`${count.passed} passed, ${failed} failed, ${count.skipped} skipped`);
process.exit(failed > 0 || count.passed === 0 ? 1 : 0);
