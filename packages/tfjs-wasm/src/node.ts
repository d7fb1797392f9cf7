/** What this package uses of Node's own modules. */
interface Builtins {
  'node:os': typeof import('node:os');
  'node:v8': typeof import('node:v8');
  'node:worker_threads': typeof import('node:worker_threads');
}

interface NodeProcess {
  getBuiltinModule?: <Name extends keyof Builtins>(name: Name) => Builtins[Name];
}

/**
 * Modules of Node without an import, which bundlers for the browser would stumble over. Undefined in browsers, and in
 * Node before 20.16 and 22.3.
 */
export const builtin = (globalThis as { process?: NodeProcess }).process?.getBuiltinModule;
