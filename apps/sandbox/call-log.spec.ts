import { describe, expect, it } from '@jest/globals';
import { CallLog, LOG_LENGTH_CALLS } from './call-log.js';

describe('The log of calls', () => {
  it('keeps the newest calls and never more than its length', () => {
    const log = new CallLog();
    const last = Math.floor(LOG_LENGTH_CALLS * 1.2);
    for (let number = 1; number <= last; number += 1) {
      log.add({
        method: 'GET',
        url: `/facebook/graph/${String(number)}?access_token=sbx_x`,
        platform: 'facebook',
        identity: null,
        outcome: 'ok',
        status: 200,
        at: '2030-01-01T00:00:00.000Z',
      });
    }
    expect(log.all()).toHaveLength(LOG_LENGTH_CALLS);
    expect(log.all().at(-1)?.path).toBe(`/facebook/graph/${String(last)}`);
  });
});
