import type { OnProgress } from './download';

const WIDTH = 24;

/**
 * Draws how far a download has come: a bar that fills on a terminal, one line at the end elsewhere.
 *
 * @param stream Default: standard error.
 */
export function progressBar(
  stream: Pick<NodeJS.WriteStream, 'isTTY' | 'write'> = process.stderr,
): OnProgress {
  let drawn = '';
  return ({ name, received, total }) => {
    const done = received === total;
    const line = total
      ? `${name} ${bar(received / total)} ${megabytes(received)} of ${megabytes(total)} MB`
      : `${name} ${megabytes(received)} MB`;
    // Pieces arrive by the thousand; what looks the same is not drawn again.
    if (stream.isTTY && line !== drawn) stream.write(`\r${line}${done ? '\n' : ''}`);
    if (!stream.isTTY && done) stream.write(`${line}\n`);
    drawn = line;
  };
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);

function bar(share: number): string {
  const full = Math.round(share * WIDTH);
  return `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${String(Math.floor(share * 100)).padStart(3)} %`;
}
