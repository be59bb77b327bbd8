import { startSandbox } from './index.js';

const sandbox = await startSandbox({
  port: Number(process.env['SANDBOX_PORT'] ?? 3001),
  dataDir: process.env['DATA_DIR'] ?? './data',
});
console.log(`The sandbox listens on ${sandbox.url}`);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void sandbox.close());
