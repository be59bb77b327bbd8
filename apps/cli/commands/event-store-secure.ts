import { type Command, WrongUsage } from '../command.js';

const ADMIN_URL = 'EVENT_STORE_ADMIN_URL';

/** Takes from the service's user the right to rewrite history. */
export const eventStoreSecure: Command = {
  name: 'event-store secure',
  summary: "lets the service's user append and read, and neither delete nor truncate",
  usage: `Usage: npm run cli -- event-store secure

Writes two access rules into an EventStoreDB or KurrentDB: members of the group \`social-accounts\` may append to and read
every stream and follow the whole log; only administrators may delete, truncate, or change who may do what. Repeatable.

It takes an administrator's connection string from the environment, since a process list shows options to everybody:

  ${ADMIN_URL}   esdb://admin:<password>@host:2113?tls=true

Example:
  read -rs ${ADMIN_URL} && export ${ADMIN_URL}
  npm run cli -- event-store secure
`,
  async run(_given, { environment, output }) {
    const url = environment[ADMIN_URL];
    if (!url) throw new WrongUsage(`${ADMIN_URL} must be an administrator's connection string (esdb://…).`);
    const { secureEventStore, SERVICE_GROUP } = await import('#event-store-eventstoredb');
    await secureEventStore(url);
    output.write(
      `Done. Members of the group ${SERVICE_GROUP} may append to and read every stream and follow the whole log ($all).\n` +
        'Only administrators may delete, truncate, or change access ($settings: update-default-acl).\n' +
        `The service's user must be in the group ${SERVICE_GROUP} and not in $admins.\n`,
    );
  },
};
