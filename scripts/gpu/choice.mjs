// Run by main.mjs in the prepared folder. Prints the choice of useBestBackend and WebGPU's description of the device as one
// line of JSON.
import { useBestBackend } from '@crossreg/tfjs-node';
import * as tf from '@tensorflow/tfjs';

const { chosen, details, skipped } = await useBestBackend();
let device;
let none;
try {
  const choice = await useBestBackend({ require: 'webgpu' });
  const { adapterInfo, device: gpu } = tf.backend();
  const info = (await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' })).info;
  const names = ['maxBufferSize', 'maxStorageBufferBindingSize', 'maxComputeWorkgroupsPerDimension'];
  device = {
    name: choice.details,
    software: / in software$/.test(choice.details),
    ...Object.fromEntries(
      ['vendor', 'architecture', 'device', 'description'].map((key) => [key, info[key] ?? adapterInfo[key]]),
    ),
    limits: Object.fromEntries(names.map((limit) => [limit, gpu.limits[limit]])),
  };
} catch (error) {
  none = error.message;
}
console.log(JSON.stringify({ chosen, details, skipped, device, none }));
process.exit(0);
