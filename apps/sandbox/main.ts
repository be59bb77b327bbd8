import { runSandbox } from './run-sandbox.js';

await runSandbox(process.env);
