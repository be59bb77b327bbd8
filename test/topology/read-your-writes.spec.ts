import { expect, it } from '@jest/globals';
import type { CommandAnswer, Workspace } from '#contract';
import { expectStatus } from '../support/service/steps.js';
import { describeFleet, useFleet } from './fleet-suite.js';

const COMMANDS = 100;
const TEST_LIMIT_MS = 120_000;

await describeFleet('a query at another process than the command', () => {
  const fleet = useFleet({ apis: 2, workers: 2 });

  it(
    `O2: includes what ${COMMANDS} commands were told, at once`,
    async () => {
      const people = await Promise.all(fleet().apis.map((api) => fleet().personAt(api, 'ada')));
      const [one, other] = people;
      if (!one || !other) throw new Error('There are two processes.');
      for (let index = 0; index < COMMANDS; index += 1) {
        const [writer, reader] = index % 2 === 0 ? [one, other] : [other, one];
        const name = `Shop ${index}`;
        const made = await writer.post<CommandAnswer>('/v1/workspaces', { name, timezone: 'Europe/Vienna' });
        const { id, position } = expectStatus(made, 201).body;
        const read = await reader.get<Workspace>(`/v1/workspaces/${id}`, { 'read-after': position });
        expect(expectStatus(read, 200).body).toMatchObject({ id, name });
      }
    },
    TEST_LIMIT_MS,
  );
});
