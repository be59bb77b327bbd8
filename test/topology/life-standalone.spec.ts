import { describe } from '@jest/globals';
import { describeLifeUnderFaults } from './life-under-faults.js';
import { standaloneSetting } from './settings.js';

describe('one process on SQLite', () => {
  describeLifeUnderFaults('one process on SQLite', standaloneSetting);
});
