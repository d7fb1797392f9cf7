export { type Picture, type PictureOptions, pictures } from './pictures';
export { type ReportOptions, report } from './report';
export type { ReportedRun } from './run';
export { type Visor, watchRun } from './watchRun';
