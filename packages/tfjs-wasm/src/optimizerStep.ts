import type { TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from './backend';
import { defineKernel, type KernelDefinition } from './define';
import { ELEMENTS } from './elementwise';
import { bits } from './kernels';

/**
 * The step of an optimizer on one variable, as a function of assembly/optimizers.ts: the number of state arrays per variable,
 * and the approximate nanoseconds per number. It has no native kernel, because memory bounds its speed.
 */
const rules = {
  adam: { kept: 2, nanoseconds: 2 },
  centeredRmsProp: { kept: 3, nanoseconds: 2 },
  momentum: { kept: 1, nanoseconds: 0.8 },
  nesterov: { kept: 1, nanoseconds: 0.8 },
  rmsProp: { kept: 2, nanoseconds: 1.5 },
  sgd: { kept: 0, nanoseconds: 0.5 },
} as const;

export type Rule = keyof typeof rules;
const names = Object.keys(rules) as Rule[];

export const stepKernelName = (rule: Rule) => `Crossreg${rule[0].toUpperCase()}${rule.slice(1)}`;

export interface StepAttrs {
  /** As the function of the rule has them. */
  rates: readonly number[];
}

/**
 * A kernel for each rule: one step on any number of variables. Inputs by position, for each variable: its value, its optimizer
 * state, and the gradient. Outputs for each variable: the new value, and the new state.
 */
export const optimizerSteps: readonly KernelDefinition[] = names.map((rule) =>
  defineKernel<Record<string, TensorInfo>, StepAttrs>(
    stepKernelName(rule),
    ({ inputs, attrs, backend, kernels }) => {
      const { kept, nanoseconds } = rules[rule];
      const tensors = Object.values(inputs);
      const rates = attrs.rates.map(bits);
      const results: TensorInfo[] = [];
      for (let i = 0; i < tensors.length; i += kept + 2) {
        const before = tensors.slice(i, i + kept + 2);
        const { shape } = before[0];
        const size = sizeOf(shape);
        const after = before.slice(1).map(() => backend.makeOutput(shape, 'float32'));
        const addresses = [...before, ...after].map((each) => kernels.address(each));
        kernels.run(rule, Math.ceil(size / ELEMENTS), [...addresses, size, ...rates], ELEMENTS * nanoseconds);
        results.push(...after);
      }
      return results;
    },
  ),
);
