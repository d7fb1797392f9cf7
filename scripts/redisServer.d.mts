export class RedisServer {
  static start(options?: {
    password?: string;
    settings?: Record<string, string | number>;
  }): Promise<RedisServer>;
  readonly port: number;
  readonly url: string;
  start(): Promise<void>;
  kill(): Promise<void>;
  stop(): Promise<void>;
}
