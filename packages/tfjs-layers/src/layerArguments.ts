/** What every layer of TensorFlow.js takes beside its own options: `LayerArgs`, and what a saved model gives it. */
export const layerArguments = {
  ...{ name: 1, trainable: 1, dtype: 1, weights: 1, batchSize: 1 },
  ...{ inputShape: 1, batchInputShape: 1, inputDType: 1, customObjects: 1 },
};
