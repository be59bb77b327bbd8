import { describe, expect, it } from '@jest/globals';
import { type BulkWriteResult, MongoBulkWriteError, MongoNetworkError } from 'mongodb';
import { StoreUnavailable } from '#kernel';
import { translate } from './failures.js';

/*
 * A connection that breaks under a bulk shows itself only in an unlucky moment, so here the driver's own error is made by hand.
 */

const RESULT = {} as BulkWriteResult;

describe('an error of a bulk', () => {
  it('is an outage when the connection broke under it', () => {
    const translated = translate(new MongoBulkWriteError(new MongoNetworkError('the pool was cleared'), RESULT));
    expect(translated).toBeInstanceOf(StoreUnavailable);
    expect((translated as Error).message).toContain('MongoNetworkError');
  });

  it('is none when the server refused what it was asked', () => {
    const refusal = { message: 'a key twice', code: 11_000, writeErrors: [] };
    const translated = translate(new MongoBulkWriteError(refusal, RESULT));
    expect(translated).not.toBeInstanceOf(StoreUnavailable);
    expect((translated as Error).message).toContain('MongoBulkWriteError, code 11000');
  });
});
