import { defineConfig } from 'vite';

/** A page with these headers may share memory between threads. Without them one thread trains. */
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export default defineConfig({
  // Relative paths, so that the page works in any folder of a server.
  base: './',
  // TensorFlow.js is one large chunk, in the worker.
  build: { target: 'es2022', chunkSizeWarningLimit: 2000 },
  worker: { format: 'es' },
  server: { headers },
  preview: { headers },
});
