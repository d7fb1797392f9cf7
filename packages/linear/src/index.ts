export type { CenteringOptions } from './centering';
export type { RhoStep } from './followRho';
export type { HoldOut } from './heldOut';
export { Lasso, type LassoOptions } from './lasso';
export type { LearnedRho, LearningOptions } from './learnRho';
export { Ridge, type RidgeOptions } from './ridge';
export { SmoothingSpline, type SmoothingSplineOptions } from './smoothingSpline';
export type { Table, Targets } from './table';
export type { RhoGradient } from './validation';
