import { defineConfig } from 'vite';

export default defineConfig({
  // The page works in any folder of any server.
  base: './',
  build: { target: 'es2022' },
  // The development server would move its code away from the images that it reads.
  optimizeDeps: { exclude: ['@crossreg/datasets'] },
});
