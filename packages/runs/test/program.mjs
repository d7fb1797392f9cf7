// A parent to be killed: node program.mjs <options as JSON>
import { runAll } from '@crossreg/runs';

const outcomes = await runAll(JSON.parse(process.argv[2]));
console.log(JSON.stringify(outcomes.map(({ status, result }) => [status, result?.x])));
