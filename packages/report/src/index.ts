export { type Figure, type FigureOptions, figures } from './figures';
export { type ReportOptions, report } from './report';
export type { ReportedRun } from './run';
export { type Visor, watchRun } from './watchRun';
