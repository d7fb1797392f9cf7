import { csvTask } from '../csv/csvTask';
import type { Table } from '../csv/table.js';
import type { FashionSettings } from '../settings';
import type { Task } from '../training/rivals';
import { AUGMENTATION, IMAGE_SHAPE } from './images';

/** The task to classify images. */
export function fashionTask(table: Table, settings: FashionSettings): Task {
  const task = csvTask(table, settings, IMAGE_SHAPE);
  return settings.augment ? { ...task, augmentation: AUGMENTATION } : task;
}
