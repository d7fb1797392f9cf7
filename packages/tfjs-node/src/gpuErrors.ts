/** What is used of the WebGPU backend of TensorFlow.js. */
export interface GpuBackend {
  readonly device: {
    onuncapturederror?: ((event: { readonly error: { readonly message: string } }) => void) | null;
  };
  read(dataId: object): Promise<unknown>;
}

/**
 * Makes a backend's reads fail once the GPU has refused anything. WebGPU tells of an operation that it refuses (a tensor
 * larger than the device binds, no memory left) later and elsewhere, and the backend goes on with numbers that nobody computed.
 */
export function failAfterErrors(backend: GpuBackend): void {
  let refused: string | undefined;
  const { device } = backend;
  const former = device.onuncapturederror;
  device.onuncapturederror = (event) => {
    refused ??= event.error.message.trim();
    former?.call(device, event);
  };
  const read = backend.read.bind(backend);
  backend.read = async (dataId) => {
    const values = await read(dataId);
    if (refused === undefined) return values;
    throw new Error(
      `webgpu: the GPU refused an operation, and nothing that was computed since then is right. Make tensors smaller (a smaller batch), and start the program again. It said: ${refused}`,
    );
  };
}
