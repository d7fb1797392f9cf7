/** The number of images that no network learns from, and the share of the others that is held out. */
const UNSEEN = 500;
const HELD_OUT = 0.3;
const PIXELS = 28 * 28;

/**
 * Images of Fashion-MNIST as a table: one row per image, one column per pixel.
 *
 * @param datasets - the package `@crossreg/datasets`, which contains them.
 */
export async function fashionTable({ fashionMnist, oneHot, split }, { images, seed }) {
  const drawn = await fashionMnist({ train: images, test: UNSEEN, seed });
  const [train, heldOut] = split(drawn.train, { fraction: HELD_OUT, seed });
  const classes = drawn.train.classNames;
  const part = ({ images: x, labels }) => ({ count: labels.length, x, y: oneHot(labels, classes.length) });
  return {
    columns: Array.from({ length: PIXELS }, (_, i) => `pixel ${i + 1}`),
    classes,
    leftOut: 0,
    train: part(train),
    heldOut: part(heldOut),
    test: part(drawn.test),
  };
}
