export type Backend = 'cpu' | 'stock' | 'ours';
export function runSuite(
  name: Backend,
  filter?: string,
): Promise<[name: string, status: 'passed' | 'failed' | 'pending' | 'excluded', message: string][]>;
