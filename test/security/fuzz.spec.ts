import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Answer } from '../support/service/browser.js';
import { InProcessService } from '../support/service/in-process-service.js';
import { answerCheck, type AnswerCheck } from './answer-check.js';
import { fuzzRequests, type FuzzRequest } from './fuzz-requests.js';
import { setStage, type Stage } from './fuzz-stage.js';
import { nameOf, readDescription, type ApiDescription } from './open-api.js';

const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 10_000);
const SEED = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** After so many the stage is set anew: by then much of it was removed. */
const REQUESTS_PER_STAGE = 250;
const AT_ONCE = 4;
const SHOWN_FAULTS = 10;
const TIME_LIMIT_MS = 20 * 60_000;
/** What is parked in a service that has no fault? Nothing that could be retried or skipped. */
const NEEDS_A_FAULT = new Set(['POST /v1/ops/parked/{parked}/retry', 'POST /v1/ops/parked/{parked}/skip']);

describe('R23: random requests', () => {
  let service: InProcessService;
  let description: ApiDescription;
  let check: AnswerCheck;

  beforeAll(async () => {
    service = await InProcessService.start();
    description = await readDescription(service.newBrowser());
    check = answerCheck(description);
  });
  afterAll(() => service.stop());

  const send = async (request: FuzzRequest, stage: Stage): Promise<{ status: number; faults: readonly string[] }> => {
    const { operation, asker, target, headers, body } = request;
    const call = { method: operation.method, headers, body, token: stage.tokens[asker] };
    const answer = await stage.browser.call(target, call);
    const faults = check(operation, answer);
    const said = JSON.stringify({ target, asker, headers, body, answer: answer.text.slice(0, 300) });
    return { status: answer.status, faults: faults.map((fault) => `${nameOf(operation)}: ${fault}: ${said}`) };
  };

  it('would be found out if an answer were not as described', async () => {
    const operation = description.operations.find(({ path, method }) => path === '/v1/workspaces' && method === 'GET');
    if (!operation) throw new Error('There is no list of workspaces.');
    const answer = await service
      .newBrowser()
      .call('/v1/workspaces', { token: await service.token({ userId: 'olga' }) });
    const faultsOf = (changes: Partial<Answer>) => check(operation, { ...answer, ...changes });
    const headers = (changes: Readonly<Record<string, string>>) =>
      new Headers({ ...Object.fromEntries(answer.headers), ...changes });
    expect(faultsOf({})).toEqual([]);
    expect(faultsOf({ status: 418 })).toEqual(['418 is not declared']);
    expect(faultsOf({ status: 500 })).not.toEqual([]);
    expect(faultsOf({ status: 503, headers: headers({ 'content-type': 'application/problem+json' }) })).not.toEqual([]);
    expect(faultsOf({ headers: headers({ 'content-type': 'text/plain' }) })).not.toEqual([]);
    expect(faultsOf({ body: { items: [] } })).not.toEqual([]);
    expect(faultsOf({ body: { items: [], nextCursor: null, more: 1 } })).not.toEqual([]);
    expect(faultsOf({ body: { items: [{ id: 7 }], nextCursor: null } })).not.toEqual([]);
  });

  it(
    `are answered as described, ${REQUESTS} times (FUZZ_SEED=${SEED})`,
    async () => {
      const faults: string[] = [];
      const seen = new Map<string, number>();
      for (let done = 0; done < REQUESTS && faults.length < SHOWN_FAULTS; done += REQUESTS_PER_STAGE) {
        const stage = await setStage(service);
        const numRuns = Math.min(REQUESTS_PER_STAGE, REQUESTS - done);
        const requests = fc.sample(fuzzRequests(description, stage), { seed: SEED + done, numRuns });
        for (let from = 0; from < requests.length; from += AT_ONCE) {
          const some = requests.slice(from, from + AT_ONCE);
          for (const [index, { status, faults: more }] of (
            await Promise.all(some.map((one) => send(one, stage)))
          ).entries()) {
            const request = some[index];
            if (request)
              seen.set(nameOf(request.operation), Math.min(status, seen.get(nameOf(request.operation)) ?? status));
            faults.push(...more);
          }
        }
      }
      expect(faults.slice(0, SHOWN_FAULTS)).toEqual([]);
      // Random requests that nobody takes seriously would show nothing: each operation must have succeeded at least once.
      if (REQUESTS >= 5_000) {
        const reachable = description.operations.map(nameOf).filter((name) => !NEEDS_A_FAULT.has(name));
        const unreached = reachable.filter((name) => (seen.get(name) ?? 999) >= 400);
        expect(unreached).toEqual([]);
      }
    },
    TIME_LIMIT_MS,
  );
});
