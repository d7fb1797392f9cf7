import { csvTask } from '../csv/csvTask';
import type { Table } from '../csv/table.js';
import type { FashionSettings } from '../settings';
import type { Task } from '../training/rivals';
import { AUGMENTATION, IMAGE_SHAPE } from './images';

/** To tell the classes of images apart. */
export function fashionTask(table: Table, settings: FashionSettings): Task {
  const task = csvTask(table, settings, IMAGE_SHAPE);
  return settings.augment ? { ...task, augmentation: AUGMENTATION } : task;
}
