import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InProcessService } from '../support/service/in-process-service.js';

const LIMIT = 40;

describe('rate limits', () => {
  let service: InProcessService;

  beforeAll(async () => {
    service = await InProcessService.start({ RATE_LIMIT_PER_MINUTE: String(LIMIT) });
  });
  afterAll(() => service.stop());

  it('a principal is rate-limited alone, and told when to come again', async () => {
    const [greedy, modest] = [await service.as('greedy'), await service.as('modest')];
    const answers = [];
    for (let time = 0; time < LIMIT + 3; time += 1) answers.push(await greedy.get('/v1/platforms'));
    expect(answers.slice(0, LIMIT).every(({ status }) => status === 200)).toBe(true);
    for (const answer of answers.slice(LIMIT)) {
      expect([answer.status, answer.code]).toEqual([429, 'rate-limited']);
      const seconds = Number(answer.headers.get('retry-after'));
      expect(seconds).toBeGreaterThanOrEqual(1);
      expect(seconds).toBeLessThanOrEqual(60);
    }
    expect(answers[0]?.headers.get('ratelimit-limit')).toBe(String(LIMIT));
    expect(answers[0]?.headers.get('ratelimit-remaining')).toBe(String(LIMIT - 1));
    expect(Number(answers[0]?.headers.get('ratelimit-reset'))).toBeLessThanOrEqual(60);
    expect((await modest.get('/v1/platforms')).status).toBe(200);
  });

  it('an address without a principal gets a tenth of it', async () => {
    const nobody = service.newBrowser();
    const statuses = [];
    for (let time = 0; time < LIMIT / 10 + 2; time += 1) statuses.push((await nobody.call('/v1/platforms')).status);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect(statuses.at(-1)).toBe(429);
  });

  it('probes are not counted', async () => {
    for (let time = 0; time < LIMIT; time += 1) {
      expect((await service.newBrowser().call('/health/live')).status).toBe(200);
    }
  });
});
