import type { AnyBulkWriteOperation, ClientSession, Collection, Db } from 'mongodb';
import type { ParkedStream, StreamToPark } from '#kernel';
import { rightBehind } from './text-order.js';

interface ParkedStreamDocument extends Omit<ParkedStream, 'stream' | 'nextTryAt'> {
  /** By place, so that a copy of the same name that is made later never sees what this one left. */
  readonly _id: { readonly place: string; readonly stream: string };
  /** By the server's clock; null while it waits for an operator. */
  readonly nextTryAt: Date | null;
}

/** What a batch parks and unparks. */
export type EncodedParks = readonly AnyBulkWriteOperation<ParkedStreamDocument>[];

/** The streams of every copy of which an event could not be folded, in one collection. */
export class ParkedStreams {
  readonly collection: Collection<ParkedStreamDocument>;

  constructor(database: Db) {
    this.collection = database.collection('parked_streams');
  }

  async list(place: string, limit: number): Promise<readonly ParkedStream[]> {
    if (limit <= 0) return [];
    const found = this.collection.find({ _id: ofPlace(place) }, { limit });
    return (await found.sort({ _id: 1 }).toArray()).map(decodeParked);
  }

  async due(place: string, limit: number): Promise<readonly ParkedStream[]> {
    if (limit <= 0) return [];
    const hasCome = { nextTryAt: { $type: 'date' as const }, $expr: { $lte: ['$nextTryAt', '$$NOW'] } };
    const found = this.collection.find({ _id: ofPlace(place), ...hasCome }, { limit });
    return (await found.sort({ _id: 1 }).toArray()).map(decodeParked);
  }

  /**
   * One write without a lease. Beside a transaction that changes the same stream it waits for that one, or has that one tried
   * again: what is written last stands.
   */
  async retry(place: string, stream: string): Promise<boolean> {
    const { matchedCount } = await this.collection.updateOne({ _id: { place, stream } }, [
      { $set: { tries: 0, nextTryAt: '$$NOW' } },
    ]);
    return matchedCount === 1;
  }

  /** In the transaction of a save. */
  async change(session: ClientSession, parks: EncodedParks): Promise<void> {
    if (parks.length > 0) await this.collection.bulkWrite([...parks], { session, ordered: false });
  }

  /** Once the copy of a place is gone. */
  async remove(place: string): Promise<void> {
    await this.collection.deleteMany({ _id: ofPlace(place) });
  }
}

export function encodeParks(
  place: string,
  parks: readonly StreamToPark[] = [],
  unparks: readonly string[] = [],
): EncodedParks {
  return [
    ...unparks.map((stream) => ({ deleteOne: { filter: { _id: { place, stream } } } })),
    ...parks.map(({ stream, waitMs, ...parked }) => ({
      updateOne: {
        filter: { _id: { place, stream } },
        update: [{ $set: { ...literals(parked), nextTryAt: waitMs === null ? null : { $add: ['$$NOW', waitMs] } } }],
        upsert: true,
      },
    })),
  ];
}

/** Texts as they are, also where they look like an expression. */
const literals = (fields: object): object =>
  Object.fromEntries(Object.entries(fields).map(([name, value]: [string, unknown]) => [name, { $literal: value }]));

function decodeParked({ _id, nextTryAt, ...parked }: ParkedStreamDocument): ParkedStream {
  return { ...parked, stream: _id.stream, nextTryAt: nextTryAt?.toISOString() ?? null };
}

const ofPlace = (place: string): { readonly $gte: PlaceOfStream; readonly $lt: PlaceOfStream } => ({
  $gte: { place, stream: '' },
  $lt: { place: rightBehind(place), stream: '' },
});

type PlaceOfStream = ParkedStreamDocument['_id'];
