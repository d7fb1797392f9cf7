import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** A redis-server for a test or a benchmark: on a free port of the loopback, with its data in a temporary folder. */
export class RedisServer {
  #folder = mkdtempSync(join(tmpdir(), 'redis-'));
  #password;
  #settings;
  #process;

  constructor(port, password, settings) {
    this.port = port;
    this.#password = password;
    this.#settings = settings;
  }

  /**
   * Starts a server.
   *
   * @param settings - of redis.conf, added to those of a server with persistent data.
   */
  static async start({ password = '', settings = {} } = {}) {
    const server = new RedisServer(await freePort(), password, settings);
    await server.start();
    return server;
  }

  /** Also after {@link kill}, with the data that were on disk. */
  async start() {
    const settings = {
      ...{ port: this.port, bind: '127.0.0.1', dir: this.#folder, appendonly: 'yes', save: '' },
      ...(this.#password && { requirepass: this.#password }),
      ...this.#settings,
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    this.#process = spawn('redis-server', args, { stdio: 'ignore' });
    while (!(await this.#answers())) await setTimeout(20);
  }

  /** Kills the server with -9. */
  async kill() {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await ended;
  }

  async stop() {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get url() {
    return `redis://${this.#password && `:${this.#password}@`}127.0.0.1:${this.port}`;
  }

  #answers() {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1', () => socket.write('PING\r\n'));
      socket.once('data', (data) => {
        // It answers LOADING while it reads its file.
        resolve(/PONG|NOAUTH/.test(String(data)));
        socket.destroy();
      });
      socket.once('error', () => resolve(false));
    });
  }
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
