import * as tf from '@tensorflow/tfjs-core';
import { backend_util, Einsum, type EinsumAttrs, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { defineKernel } from './define';

/** Einstein sums as matrix products: the axes of the operands are sorted into batch, left, contracted and right. */
export const einsum = defineKernel<Tensor[], EinsumAttrs>(Einsum, ({ inputs, attrs }) => {
  const { allDims, summedDims, idDims } = backend_util.decodeEinsumEquation(attrs.equation, inputs.length);
  backend_util.checkEinsumDimSizes(allDims.length, idDims, inputs);
  const output = allDims.map((_, dim) => dim).filter((dim) => !summedDims.includes(dim));
  return tidy(() => {
    const [first, second] = inputs.map((tensor, i): Term => ({ tensor, dims: idDims[i] }));
    const kept = new Set(output);
    const { tensor, dims } = second ? contract(first, second, kept) : sumOut(first, (dim) => kept.has(dim));
    return tf.transpose(
      tensor,
      output.map((dim) => dims.indexOf(dim)),
    );
  });
});

interface Term {
  readonly tensor: Tensor;
  readonly dims: readonly number[];
}

function sumOut({ tensor, dims }: Term, keep: (dim: number) => boolean): Term {
  const gone = dims.map((_, axis) => axis).filter((axis) => !keep(dims[axis]));
  return gone.length === 0
    ? { tensor, dims }
    : { tensor: tf.sum(tensor, gone), dims: dims.filter((dim) => keep(dim)) };
}

/** The product of two terms, summed over all axes but the `kept` ones. */
function contract(first: Term, second: Term, kept: ReadonlySet<number>): Term {
  const a = sumOut(first, (dim) => kept.has(dim) || second.dims.includes(dim));
  const b = sumOut(second, (dim) => kept.has(dim) || first.dims.includes(dim));
  const shared = a.dims.filter((dim) => b.dims.includes(dim));
  const batch = shared.filter((dim) => kept.has(dim));
  const contracted = shared.filter((dim) => !kept.has(dim));
  const left = a.dims.filter((dim) => !shared.includes(dim));
  const right = b.dims.filter((dim) => !shared.includes(dim));
  const sizes = new Map(
    [a, b].flatMap(({ tensor, dims }) => dims.map((dim, axis) => [dim, tensor.shape[axis]])),
  );
  const sizesOf = (dims: readonly number[]) => dims.map((dim) => sizes.get(dim)!);
  const matrices = ({ tensor, dims }: Term, rows: readonly number[], columns: readonly number[]) =>
    tf.reshape(
      tf.transpose(
        tensor,
        [...batch, ...rows, ...columns].map((dim) => dims.indexOf(dim)),
      ),
      [
        tf.util.sizeFromShape(sizesOf(batch)),
        ...[rows, columns].map((d) => tf.util.sizeFromShape(sizesOf(d))),
      ],
    );
  const product = tf.matMul(matrices(a, left, contracted), matrices(b, contracted, right));
  const dims = [...batch, ...left, ...right];
  return { tensor: tf.reshape(product, sizesOf(dims)), dims };
}
