import { type Command, WrongUsage } from '../command.js';
import { readSettings } from '../settings.js';

/** Moves a data directory to servers. */
export const migrate: Command = {
  name: 'migrate',
  summary: 'moves a data directory to EventStoreDB and MongoDB',
  usage: `Usage: npm run cli -- migrate --from <data directory>

Moves everything of a stopped service to empty servers: the log with the same ids, order, revisions and bytes, then keys, secrets,
claims, answers of idempotency keys and the list of destroyed keys; then it builds the read models. Nothing is carried out, and the
data directory keeps what it has. A run that was interrupted goes on when the same command is given again. Until it has said that
it is done, no service starts on these servers.

Settings: EVENT_STORE_URL (esdb://…), READ_STORE_URL (mongodb://…), VAULT_MASTER_KEY (the one of the data directory: what its
vault.key holds, unless another was set).

Example:
  export EVENT_STORE_URL='esdb://events:2113?tls=true' READ_STORE_URL='mongodb://rows:27017/?replicaSet=rs0'
  export VAULT_MASTER_KEY="$(cat /var/lib/social-accounts/vault.key)"
  npm run cli -- migrate --from /var/lib/social-accounts
`,
  options: { from: { type: 'string' } },
  async run({ options }, surroundings) {
    const { from } = options;
    if (typeof from !== 'string' || from === '') throw new WrongUsage('--from must name the data directory to move.');
    const settings = await readSettings(surroundings);
    const { EVENT_STORE_URL: eventStoreUrl, READ_STORE_URL: readStoreUrl, VAULT_MASTER_KEY: masterKey } = settings;
    if (eventStoreUrl === 'sqlite:' || readStoreUrl === 'sqlite:' || masterKey === undefined) {
      throw new WrongUsage(
        'EVENT_STORE_URL (esdb://…), READ_STORE_URL (mongodb://…) and VAULT_MASTER_KEY must say where to.',
      );
    }
    const { migrateDataDirectory } = await import('../migration/migrate-data-directory.js');
    await migrateDataDirectory({ from, eventStoreUrl, readStoreUrl, masterKey }, surroundings);
  },
};
