import type { Command } from '../command.js';
import { Progress } from '../progress.js';
import { readSettings } from '../settings.js';

/** Lets an older master key be dropped. */
export const vaultRewrap: Command = {
  name: 'vault rewrap',
  summary: 'wraps every data key by the newest master key, so that older ones can be dropped',
  usage: `Usage: npm run cli -- vault rewrap

Wraps every data key that an older master key wrapped anew by the newest one, which is the first in VAULT_MASTER_KEY. No data is
sealed again. It works while the service runs, and can be stopped and started again at any time.

Settings: VAULT_MASTER_KEY (new,old), READ_STORE_URL (mongodb://…), or DATA_DIR for the embedded vault.

Example:
  export VAULT_MASTER_KEY="$(openssl rand -base64 32),$OLD_KEY"
  # Give every process of the service this value first, then:
  npm run cli -- vault rewrap
  # From now on the new key alone will do.
`,
  async run(_given, surroundings) {
    const settings = await readSettings(surroundings);
    const [{ createLogger, openVault }, { rewrapKeys }] = await Promise.all([
      import('#runtime'),
      import('../rewrap-keys.js'),
    ]);
    const { vault, masterKeys, close } = await openVault(settings, createLogger(settings));
    try {
      const { total, rewrapped } = await rewrapKeys(
        vault,
        masterKeys,
        (count) => new Progress(surroundings.errors, 'keys', count),
      );
      surroundings.output.write(
        `Done. All ${total} data keys are wrapped by the newest master key; ${rewrapped} were wrapped anew. Older master keys can be dropped.\n`,
      );
    } finally {
      await close();
    }
  },
};
