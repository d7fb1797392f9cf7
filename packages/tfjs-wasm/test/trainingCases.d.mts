import type * as tf from '@tensorflow/tfjs';

export interface TrainingCase {
  readonly group: 'layers' | 'activations' | 'losses' | 'optimizers';
  readonly name: string;
  readonly layer?: string;
  readonly compared: boolean;
}
export interface TrainingResult {
  readonly losses: number[];
  readonly weights: number[];
}
export const notLayers: Readonly<Record<'aliases' | 'bases' | 'cells', readonly string[]>>;
export const ofOneExample: readonly string[];
export function trainingCases(library: typeof tf): TrainingCase[];
export function train(library: typeof tf, each: TrainingCase, steps?: number): Promise<TrainingResult>;
export function agree(actual: TrainingResult, expected: TrainingResult, tolerance?: number): boolean;
