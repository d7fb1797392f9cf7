import { defineConfig } from 'vite';

/** A page with these headers may share memory between threads. Without them one thread trains. */
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export default defineConfig({
  // The page works in any folder of any server.
  base: './',
  // TensorFlow.js is one large chunk, of the worker.
  build: { target: 'es2022', chunkSizeWarningLimit: 2000 },
  worker: { format: 'es' },
  server: { headers },
  preview: { headers },
});
