import { runCommandLine } from './command-line.js';

const { env: environment, stdout: output, stderr: errors } = process;
process.exit(await runCommandLine(process.argv.slice(2), { environment, output, errors }));
