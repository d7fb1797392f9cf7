/** The parts of Node's modules that this package uses. */
interface Builtins {
  'node:os': typeof import('node:os');
  'node:v8': typeof import('node:v8');
  'node:worker_threads': typeof import('node:worker_threads');
}

interface NodeProcess {
  getBuiltinModule?: <Name extends keyof Builtins>(name: Name) => Builtins[Name];
}

/**
 * Modules of Node without an import statement, which bundlers for the browser could not resolve. Undefined in browsers, and in
 * Node before 20.16 and 22.3.
 */
export const builtin = (globalThis as { process?: NodeProcess }).process?.getBuiltinModule;
