// Every file that ships with this package. Bundlers find and copy a file only if its URL stands literally in
// `new URL('…', import.meta.url)`; the path holds for src/ and for dist/.

export const fashionMnistFiles = {
  train: {
    images: () => new URL('../data/fashion-mnist/train-images-idx3-ubyte.gz', import.meta.url),
    labels: () => new URL('../data/fashion-mnist/train-labels-idx1-ubyte.gz', import.meta.url),
  },
  test: {
    images: () => new URL('../data/fashion-mnist/t10k-images-idx3-ubyte.gz', import.meta.url),
    labels: () => new URL('../data/fashion-mnist/t10k-labels-idx1-ubyte.gz', import.meta.url),
  },
};

export const diabetesFile = () => new URL('../data/diabetes/diabetes.tab.txt', import.meta.url);

export const digitsFile = () => new URL('../data/digits/digits.csv.gz', import.meta.url);
