import { type AtRest, embeddedAtRest } from '../crash/at-rest.js';
import { Fleet, type FleetOptions } from '../support/fleet/fleet.js';
import { type Acknowledged, PatientBrowser } from '../support/service/patient-browser.js';
import type { ServiceUnderTest } from '../support/service/service-under-test.js';
import { spawnService } from '../support/service/spawned-service.js';
import type { Targets } from './faults.js';
import { fleetAtRest } from './fleet-at-rest.js';

/** One way to set the service up, with patient clients. */
export interface Setting {
  readonly service: ServiceUnderTest;
  readonly targets: Targets;
  /** Every command that a client was told to be done. */
  readonly acknowledged: readonly Acknowledged[];
  readonly atRest: () => Promise<AtRest>;
  stop(): Promise<void>;
}

/** Everything in one process, on SQLite. */
export async function standaloneSetting(): Promise<Setting> {
  const acknowledged: Acknowledged[] = [];
  const service = await spawnService({ LOG_LEVEL: 'error' }, browserNoting(acknowledged));
  return {
    service,
    targets: { ours: [service.program], events: null, mongo: null },
    acknowledged,
    atRest: () => embeddedAtRest(service),
    stop: () => service.stop(),
  };
}

/** Several processes, on EventStoreDB and MongoDB. */
export async function fleetSetting(size: Pick<FleetOptions, 'apis' | 'workers'>): Promise<Setting> {
  const acknowledged: Acknowledged[] = [];
  const fleet = await Fleet.start({ ...size, browser: browserNoting(acknowledged) });
  if ('unavailable' in fleet) throw new Error(fleet.unavailable);
  return {
    service: fleet,
    targets: { ours: fleet.ours, events: fleet.events, mongo: fleet.mongo.isOurs ? fleet.mongo : null },
    acknowledged,
    atRest: () => fleetAtRest(fleet),
    stop: () => fleet.stop(),
  };
}

const browserNoting =
  (acknowledged: Acknowledged[]) =>
  (origin: string): PatientBrowser =>
    new PatientBrowser(origin, (command) => acknowledged.push(command));
