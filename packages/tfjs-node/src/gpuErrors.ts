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
      `webgpu: the GPU rejected an operation, and all results since then are wrong. Use smaller tensors (a smaller batch), and start the program again. The GPU reported: ${refused}`,
    );
  };
}
