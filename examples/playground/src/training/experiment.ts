import { CsvPictures } from '../csv/csvPicture';
import { csvTask } from '../csv/csvTask';
import { FashionPictures } from '../fashion/fashionPicture';
import { fashionTask } from '../fashion/fashionTask';
import type { Picture, Start } from '../messages';
import type { ToySettings } from '../settings';
import { ToyPictures } from '../toy/toyPicture';
import { toyTask } from '../toy/toyTask';
import { Rivals } from './rivals';

/** Draws two networks. */
export interface Pictures {
  /**
   * The next picture, and those of its buffers that can be transferred to another thread.
   *
   * @param draws - the number of noise draws that this picture averages.
   * @param still - whether it shows these draws only, without a running average.
   */
  next(options: { view: ToySettings['view']; draws: number; still: boolean }): {
    picture: Picture;
    transfer: Transferable[];
  };
  dispose(): void;
}

/** The networks of a run and the object that draws them. */
export function experiment(start: Start): { rivals: Rivals; pictures: Pictures } {
  if (start.tab === 'toy') {
    const rivals = new Rivals(toyTask(start.settings));
    return { rivals, pictures: new ToyPictures(rivals) };
  }
  if (start.tab === 'fashion') {
    const rivals = new Rivals(fashionTask(start.table, start.settings));
    return { rivals, pictures: new FashionPictures(rivals, start.table) };
  }
  const rivals = new Rivals(csvTask(start.table, start.settings));
  return { rivals, pictures: new CsvPictures(rivals, start.table) };
}
