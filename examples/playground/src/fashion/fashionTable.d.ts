import type { fashionMnist, oneHot, split } from '@crossreg/datasets';
import type { Table } from '../csv/table.js';
export function fashionTable(
  datasets: { fashionMnist: typeof fashionMnist; oneHot: typeof oneHot; split: typeof split },
  options: { images: number; seed: number },
): Promise<Table>;
