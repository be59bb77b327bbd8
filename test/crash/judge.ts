import type { ReadModel, RecordedEvent } from '#kernel';
import type { ServiceUnderTest } from '../support/service/service-under-test.js';
import { compareWithReplay } from './replay.js';
import { takeSnapshot } from './snapshot.js';
import { faultsOfLog, readLog } from './stored-log.js';
import { faultsOfVault, readVault } from './stored-vault.js';

/** What can be told of any service at rest: its log, whether its vault agrees with it, and whether its rows are a fresh replay. */
export async function judgeStores(
  service: ServiceUnderTest,
  models: readonly ReadModel[],
): Promise<{ readonly events: readonly RecordedEvent[]; readonly faults: readonly string[]; readonly rows: number }> {
  const snapshot = await takeSnapshot(service);
  try {
    const events = await readLog(snapshot.folder);
    const { faults, rows } = await compareWithReplay(snapshot, models);
    const vault = readVault(snapshot.folder);
    return { events, rows, faults: [...faultsOfLog(events), ...faultsOfVault(vault, events), ...faults] };
  } finally {
    snapshot.discard();
  }
}
