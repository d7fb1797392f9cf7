import { engineOf, type ProductLayer } from './internals';
import { overrideCall } from './layerCall';
import { lazyOperation } from './lazyGradient';
import { reluGradient } from './rectifiers';

/**
 * Lets dense and convolutional layers that end in a ReLU compute product, bias and activation in one pass even when they are
 * differentiated. tfjs-core splits them then, because its gradient would need the input of the activation. Here the gradient is
 * that of the product at dy, where the output is positive.
 */
export function fuseActivations(): void {
  for (const [className, scope, rank] of [
    ['Dense', 'fusedMatMul__op', 2],
    ['Conv2D', 'fusedConv2d__op', 4],
  ] as const) {
    overrideCall<ProductLayer>(className, (layer, x, _, stock) => {
      const { state } = engineOf();
      const isDifferentiated = state.gradientDepth === 1 && state.kernelDepth === 0;
      const fits = layer.activation?.getClassName() === 'relu' && x.rank === rank;
      if (!isDifferentiated || !fits || layer.dataFormat === 'channelsFirst') return undefined;
      const [kernel, bias] = [layer.kernel.read(), layer.bias?.read()];
      return lazyOperation(scope, bias ? [x, kernel, bias] : [x, kernel], {
        forward(save) {
          // Nothing is recorded in here: a layer that is not differentiated chooses its fused kernel.
          const depth = state.gradientDepth;
          state.gradientDepth = 0;
          try {
            const y = stock();
            const operands = rank === 4 ? [kernel, x, y] : [x, kernel, y];
            save(bias ? [...operands, bias] : operands);
            return y;
          } finally {
            state.gradientDepth = depth;
          }
        },
        through: reluGradient,
      });
    });
  }
}
