import { run } from './program.mjs';

window.run = run;
