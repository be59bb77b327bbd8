import { describeFleet } from './fleet-suite.js';
import { describeLifeUnderFaults } from './life-under-faults.js';
import { fleetSetting } from './settings.js';

await describeFleet('two APIs and two workers on EventStoreDB and MongoDB', () => {
  describeLifeUnderFaults('two APIs and two workers', () => fleetSetting({ apis: 2, workers: 2 }));
});
