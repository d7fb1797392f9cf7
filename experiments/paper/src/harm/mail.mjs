import { permutation } from '@crossreg/core';
import { progressBar, spamAssassin } from '@crossreg/datasets/node';
import * as tf from '@tensorflow/tfjs';

/** Inputs: whether each of the most frequent words occurs. */
export const WORDS = 1000;

/** The different words of an e-mail's subject and body. The other headers tell where it was collected, and so its class. */
function wordsOf(text) {
  const [headers] = text.split(/\r?\n\r?\n/, 1);
  const [subject = ''] = /^subject:.*$/im.exec(headers) ?? [];
  const body = text.slice(headers.length).replace(/<[^>]*>/g, ' ');
  return new Set(`${subject.slice('subject:'.length)} ${body}`.toLowerCase().match(/[a-z]{3,15}/g));
}

let emails;

/** Parts of SpamAssassin's corpus in random order. The words are those of most of the training and held-out e-mails. */
export async function mailParts([training, held, test], seed) {
  emails ??= spamAssassin({ onProgress: progressBar() }).then(({ texts, labels }) =>
    texts.map((text, i) => ({ words: wordsOf(text), label: labels[i] })),
  );
  const all = await emails;
  const order = Array.from(permutation(all.length, seed), (i) => all[i]);
  const counts = new Map();
  for (const { words } of order.slice(0, training + held)) {
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const frequent = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, WORDS);
  const part = (from, count) => {
    const some = order.slice(from, from + count);
    const labels = tf.tensor1d(
      some.map(({ label }) => label),
      'int32',
    );
    return {
      x: tf.tensor2d(some.map(({ words }) => frequent.map(([word]) => Number(words.has(word))))),
      y: tf.cast(tf.oneHot(labels, 2), 'float32'),
    };
  };
  return { training: part(0, training), held: part(training, held), test: part(training + held, test) };
}
