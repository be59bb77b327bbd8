import { ALL_ROLES, runUntilSignal } from '#runtime';
import { startStandalone } from './standalone.js';

await runUntilSignal('Social Accounts', ALL_ROLES, async (configuration) => {
  const { url, sandboxUrl, hasPage, close } = await startStandalone(configuration);
  const lines = [`Social Accounts listens on ${url}`];
  if (hasPage) lines.push(`The page:        ${url}/`);
  if (sandboxUrl) lines.push(`The sandbox:     ${sandboxUrl}  (stand-ins of the platforms; nothing here is real)`);
  lines.push(`The API's description: ${url}/docs`);
  return { lines, close };
});
