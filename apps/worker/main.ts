import { runUntilSignal, startRoles } from '#runtime';

await runUntilSignal('Social Accounts worker', ['projector', 'automation'], startRoles);
