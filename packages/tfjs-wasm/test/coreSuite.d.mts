export type Backend = 'cpu' | 'stock' | 'ours' | 'native';
export function runSuite(
  name: Backend,
  filter?: string,
): Promise<[name: string, status: 'passed' | 'failed' | 'pending' | 'excluded', message: string][]>;
