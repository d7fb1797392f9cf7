import { run } from './program.mjs';

console.log(`result ${JSON.stringify(await run())}`);
