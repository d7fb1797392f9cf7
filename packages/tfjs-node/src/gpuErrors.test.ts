import { expect, test } from 'vitest';
import { failAfterErrors, type GpuBackend } from './gpuErrors';

test('reads give their values until the GPU rejects something, and then fail with its message', async () => {
  const heard: string[] = [];
  const backend: GpuBackend = {
    device: { onuncapturederror: ({ error }) => heard.push(error.message) },
    read: async (dataId) => [dataId, 1],
  };
  failAfterErrors(backend);
  expect(await backend.read({ id: 3 })).toEqual([{ id: 3 }, 1]);
  backend.device.onuncapturederror?.({ error: { message: 'Binding size is larger than the maximum.\n' } });
  backend.device.onuncapturederror?.({ error: { message: 'what follows from it' } });
  await expect(backend.read({ id: 3 })).rejects.toThrow(
    'a smaller batch), and start the program again. The GPU reported: Binding size is larger than the maximum.',
  );
  expect(heard).toHaveLength(2);
});
