import type { ReadModel, RecordedEvent } from '#kernel';
import type { ServiceUnderTest } from '../support/service/service-under-test.js';
import { type AtRest, embeddedAtRest } from './at-rest.js';
import { compareWithReplay } from './replay.js';
import { faultsOfLog, readLog } from './stored-log.js';
import { faultsOfVault } from './stored-vault.js';

/** What can be told of any service at rest: its log, whether its vault agrees with it, and whether its rows are a fresh replay. */
export async function judgeStores<Service extends ServiceUnderTest>(
  service: Service,
  models: readonly ReadModel[],
  openAtRest: (service: Service) => Promise<AtRest> = embeddedAtRest,
): Promise<{ readonly events: readonly RecordedEvent[]; readonly faults: readonly string[]; readonly rows: number }> {
  const atRest = await openAtRest(service);
  try {
    const events = await readLog(atRest.events);
    const { faults, rows } = await compareWithReplay(atRest, models);
    const ofLog = faultsOfLog(events, atRest.events);
    return { events, rows, faults: [...ofLog, ...faultsOfVault(atRest.vaultContent, events), ...faults] };
  } finally {
    await atRest.close();
  }
}
