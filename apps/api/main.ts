import { runUntilSignal, startRoles } from '#runtime';

await runUntilSignal('Social Accounts API', ['api'], startRoles);
