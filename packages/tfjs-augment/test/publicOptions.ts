import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const packages = fileURLToPath(new URL('../..', import.meta.url));

/** Types that are not options: the functions that create them check their arguments. */
const things = new Set([
  ...['Regularizer', 'RegularizationParameter', 'RegularizationDataset', 'Norm'],
  ...['Framework', 'GradientTransformation'],
]);

/** An object of options in the public interface of a package. */
export interface PublicOptions {
  /** `core`, `datasets/node` */
  package: string;
  /** `createSchedule(0)` for the first argument, `new Ridge(0)`, `Ridge.fit(2)`; `injectNoise(1).recurrent` for an option in it. */
  place: string;
  /** Whether `seed` is one of them. */
  seeded: boolean;
}

/**
 * Every object of options that an exported function, constructor or method takes, found from the types: an object with
 * a property that may be left out. Objects in it that are options in turn are listed too.
 */
export function publicOptions(): PublicOptions[] {
  const entries = readdirSync(packages).flatMap((name) =>
    [
      [name, 'src/index.ts'],
      [`${name}/node`, 'src/node/index.ts'],
      [`${name}/internal`, 'src/internal.ts'],
    ].flatMap(([as, file]) => {
      const path = `${packages}${name}/${file}`;
      // What only our own packages use is checked where they take it from users.
      return as.endsWith('/internal') || !existsSync(path) || (name !== 'datasets' && as.includes('/'))
        ? []
        : [{ as, path }];
    }),
  );
  const root = `${packages}..`;
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(`${root}/tsconfig.json`, ts.sys.readFile).config,
    ts.sys,
    root,
  );
  const program = ts.createProgram(
    entries.map(({ path }) => path),
    { ...options, noEmit: true },
  );
  const checker = program.getTypeChecker();
  const isOwn = (symbol: ts.Symbol | undefined) =>
    symbol?.declarations?.some((one) => one.getSourceFile().fileName.startsWith(packages)) ?? false;

  /** The objects of options among the types of a union. */
  const optionsIn = (type: ts.Type): ts.Type[] =>
    (type.isUnion() ? type.types : [type]).filter((one) => {
      const name = (one.aliasSymbol ?? one.symbol)?.name ?? '';
      if (!(one.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) || things.has(name)) return false;
      if (one.getCallSignatures().length > 0 || one.isClass() || checker.isArrayLikeType(one)) return false;
      const properties = one.getProperties();
      // The arguments of `fit` are TensorFlow.js's, and ours in `cross.fit`; the options of an Error are the language's.
      const isFitArgs = name === 'ModelFitArgs';
      return (
        (isFitArgs || properties.some(isOwn)) &&
        properties.some(({ flags }) => flags & ts.SymbolFlags.Optional)
      );
    });

  const found: PublicOptions[] = [];
  for (const { as, path } of entries) {
    const file = program.getSourceFile(path);
    const module = file && checker.getSymbolAtLocation(file);
    if (!file || !module) throw new Error(`${path} is no module`);
    const typeOf = (symbol: ts.Symbol) => checker.getTypeOfSymbolAtLocation(symbol, file);
    const add = (callee: string, signatures: readonly ts.Signature[]) => {
      const places = new Map<string, boolean>();
      const isSeeded = (type: ts.Type) => type.getProperty('seed') !== undefined;
      for (const signature of signatures) {
        signature.getParameters().forEach((parameter, i) => {
          for (const taken of optionsIn(typeOf(parameter))) {
            // What TensorFlow.js hands to a layer's call is not the user's.
            if (parameter.name === 'kwargs') continue;
            places.set(`${callee}(${i})`, isSeeded(taken) || places.get(`${callee}(${i})`) === true);
            for (const property of taken.getProperties()) {
              const inside = optionsIn(typeOf(property));
              if (inside.length > 0 && isOwn(property))
                places.set(`${callee}(${i}).${property.name}`, inside.some(isSeeded));
            }
          }
        });
      }
      found.push(...[...places].map(([place, seeded]) => ({ package: as, place, seeded })));
    };
    for (const exported of checker.getExportsOfModule(module)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      if (!(symbol.flags & ts.SymbolFlags.Value)) continue;
      const type = typeOf(symbol);
      add(symbol.name, type.getCallSignatures());
      add(`new ${symbol.name}`, type.getConstructSignatures());
      if (!(symbol.flags & ts.SymbolFlags.Class)) continue;
      for (const method of checker.getDeclaredTypeOfSymbol(symbol).getProperties()) {
        const isPrivate = method.declarations?.some(
          (one) => ts.getCombinedModifierFlags(one) & ts.ModifierFlags.Private,
        );
        if (isOwn(method) && !isPrivate)
          add(`${symbol.name}.${method.name}`, typeOf(method).getCallSignatures());
      }
    }
  }
  return found;
}
