import { expect, test } from 'vitest';
import { allMessages, lacks, messagesIn } from './errorMessages.mjs';

interface Message {
  place: string;
  text: string;
}

const messages: Message[] = allMessages();

test('every error that refuses an input shows what was given and says what to do', () => {
  expect(messages.length).toBeGreaterThan(280);
  const wrong = messages
    .map(({ place, text }) => ({ place, lacks: lacks(text), text }))
    .filter((one) => one.lacks && !exceptions.some((each) => one.text.includes(each)));
  expect(wrong).toEqual([]);
  // No entry of this list is unnecessary.
  expect(exceptions.filter((each) => !messages.some(({ text }) => text.includes(each)))).toEqual([]);
});

test('errors about arguments are ArgumentErrors, also in packages without dependencies', () => {
  const plain: Message[] = allMessages(new Set(['Error', 'TypeError', 'RangeError']));
  expect(plain.length).toBeGreaterThan(20);
  expect(plain.filter(({ text }) => /\bmust\b/.test(text))).toEqual([]);
  // These packages take arguments from users and do not depend on core, so they must throw the error themselves.
  const own = ['calibration', 'datasets', 'tfjs-node', 'tfjs-wasm'];
  const silent = own.filter((name) => !messages.some(({ place }) => place.startsWith(`packages/${name}/`)));
  expect(silent).toEqual([]);
});

/** Parts of messages that say it differently. */
const exceptions: readonly string[] = [
  // The callers add the sentence.
  '⟨message⟩',
  // One of those messages, with the number of the batch.
  'batch ⟨taken⟩ of pass ⟨passes - 1⟩ (both counted from 0): ⟨problem⟩',
];

test.each([
  ["'must be above 0, but is ' + x + '. Use 1.'", undefined],
  ["'is missing. Give [x, y].'", undefined],
  ["'is ' + (a ? 'b' : 'c') + '.' + advice", undefined],
  ["'must be above 0, but is ' + x + '.'", 'what to do'],
  ["'must be above 0. Use 1.'", 'what was given'],
])('%s lacks %s', (code, expected) => {
  const [{ text }]: Message[] = messagesIn('x.ts', `throw new ArgumentError('x', ${code});`);
  expect(lacks(text)).toBe(expected);
});

test('both texts of a condition are checked', () => {
  const texts = messagesIn('x.ts', "new DatasetError('a ' + (b ? 'c' : 'd' + e) + '.f')").map(
    ({ text }: Message) => text,
  );
  expect(texts).toEqual(['a c.f', 'a d⟨e⟩.f']);
});
