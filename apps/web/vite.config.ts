import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig } from 'vite';

// Vite reads its configuration from a default export; nothing else in this repository has one.
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [react()],
  // The libraries' doors (`#contract`) lead to their sources here, as they do in type checks and tests.
  resolve: { conditions: ['source', ...defaultClientConditions] },
  build: {
    outDir: '../../dist/web',
    emptyOutDir: true,
    // A strict content security policy: no file is turned into a data URI, and nothing is put inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    port: 13310,
    proxy: { '/v1': process.env['API_URL'] ?? 'http://127.0.0.1:3000' },
  },
});
