export const redisVersion: string | undefined;
export const noRedis: string;
