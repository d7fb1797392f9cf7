import * as tf from '@tensorflow/tfjs-core';
import { AdamOptimizer, type TensorInfo, type Variable } from '@tensorflow/tfjs-core';
import { sizeOf } from './backend';
import { defineKernel } from './define';
import { ELEMENTS } from './elementwise';
import { type AdamState, adamStateOf, type Moment } from './internals';
import { bits } from './kernels';

const Adam = 'CrossregAdam';

/** By position, for each variable: its value, its first and second moment, and the gradient. */
type AdamInputs = Record<string, TensorInfo>;

interface AdamAttrs {
  beta1: number;
  beta2: number;
  /** 1 − β₁ᵗ and 1 − β₂ᵗ at step t. */
  correction1: number;
  correction2: number;
  epsilon: number;
  learningRate: number;
}

/** One step of Adam on any number of variables: their new values and moments. */
export const adam = defineKernel<AdamInputs, AdamAttrs>(Adam, ({ inputs, attrs, backend, kernels }) => {
  const tensors = Object.values(inputs);
  const rates = [
    ...[attrs.beta1, 1 - attrs.beta1, attrs.beta2, 1 - attrs.beta2].map(bits),
    ...[attrs.correction1, attrs.correction2, attrs.epsilon, -attrs.learningRate].map(bits),
  ];
  const results: TensorInfo[] = [];
  const arrays: number[][] = [];
  for (let i = 0; i < tensors.length; i += 4) {
    const { shape } = tensors[i];
    const outputs = [0, 1, 2].map(() => backend.makeOutput(shape, 'float32'));
    const addresses = [...tensors.slice(i, i + 4), ...outputs].map((tensor) => kernels.address(tensor));
    arrays.push([...addresses, sizeOf(shape)]);
    results.push(...outputs);
  }
  if (kernels.runNative('adam', () => [...rates, ...arrays.flat()])) return results;
  for (const array of arrays) {
    kernels.run('adam', Math.ceil(array[7] / ELEMENTS), [...array, ...rates], ELEMENTS * 2);
  }
  return results;
});

type Gradients = Parameters<AdamOptimizer['applyGradients']>[0];

const FUSED = Symbol.for('@crossreg/tfjs-wasm adam');

/**
 * Gives Adam of tfjs an update that runs one kernel for all variables on the wasm backend; the original runs fourteen per
 * variable. The state remains that of tfjs: it is saved, loaded and disposed as before, and can continue on another backend.
 */
export function fuseAdam(): void {
  const stock = AdamOptimizer.prototype.applyGradients;
  if (FUSED in stock) return;
  const fused = function (this: AdamOptimizer, gradients: Gradients): void {
    const entries = entriesOf(gradients);
    if (tf.getBackend() !== 'wasm' || !entries.every(isPlain)) stock.call(this, gradients);
    else update(adamStateOf(this), entries);
  };
  AdamOptimizer.prototype.applyGradients = Object.assign(fused, { [FUSED]: true });
}

/** The name and gradient of a variable. The gradient is missing if the loss does not depend on the variable. */
interface Entry {
  readonly name: string;
  readonly gradient: tf.Tensor | null | undefined;
}

const entriesOf = (gradients: Gradients): Entry[] =>
  Array.isArray(gradients)
    ? (gradients as { name: string; tensor: tf.Tensor }[]).map(({ name, tensor }) => ({
        name,
        gradient: tensor,
      }))
    : Object.entries(gradients).map(([name, gradient]) => ({ name, gradient: gradient as tf.Tensor }));

const isPlain = ({ name, gradient }: Entry): boolean => {
  const value = tf.engine().registeredVariables[name];
  return value?.dtype === 'float32' && (gradient == null || tf.util.arraysEqual(gradient.shape, value.shape));
};

function update(optimizer: AdamState, entries: readonly Entry[]): void {
  const { learningRate, beta1, beta2, epsilon, accBeta1, accBeta2 } = optimizer;
  tf.tidy(() => {
    const attrs: AdamAttrs = {
      ...{ learningRate, beta1, beta2, epsilon },
      correction1: 1 - accBeta1.dataSync()[0],
      correction2: 1 - accBeta2.dataSync()[0],
    };
    const updated: Variable[] = [];
    const inputs: tf.Tensor[] = [];
    entries.forEach(({ name, gradient }, i) => {
      const value = tf.engine().registeredVariables[name];
      const moment = (moments: Moment[], suffix: string) => {
        moments[i] ??= {
          originalName: `${name}/${suffix}`,
          variable: tf.tidy(() => tf.zerosLike(value).variable(false)),
        };
        return moments[i].variable;
      };
      const firstMoment = moment(optimizer.accumulatedFirstMoment, 'm');
      const secondMoment = moment(optimizer.accumulatedSecondMoment, 'v');
      if (gradient == null) return;
      updated.push(value, firstMoment, secondMoment);
      inputs.push(value, firstMoment, secondMoment, gradient);
    });
    const results = tf
      .engine()
      .runKernel(Adam, Object.fromEntries(inputs.entries()), { ...attrs }) as unknown as tf.Tensor[];
    updated.forEach((variable, i) => {
      variable.assign(results[i]);
    });
    accBeta1.assign(tf.mul(accBeta1, beta1));
    accBeta2.assign(tf.mul(accBeta2, beta2));
  });
  optimizer.incrementIterations();
}
