import type { Collection, Db } from 'mongodb';
import { rightBehind } from './text-order.js';

interface SkippedEventDocument {
  readonly _id: { readonly readModel: string; readonly eventId: string };
  readonly since: Date;
}

/** The events that every copy of a read model passes over: for good, so that a rebuild passes over them too. */
export class SkippedEvents {
  readonly #events: Collection<SkippedEventDocument>;

  constructor(database: Db) {
    this.#events = database.collection('skipped_events');
  }

  async add(readModel: string, eventId: string): Promise<void> {
    const sinceTheFirstTime = [{ $set: { since: { $ifNull: ['$since', '$$NOW'] } } }];
    await this.#events.updateOne({ _id: { readModel, eventId } }, sinceTheFirstTime, { upsert: true });
  }

  async list(readModel: string): Promise<ReadonlySet<string>> {
    const ofReadModel = { $gte: { readModel, eventId: '' }, $lt: { readModel: rightBehind(readModel), eventId: '' } };
    const found = await this.#events.find({ _id: ofReadModel }, { projection: { _id: 1 } }).toArray();
    return new Set(found.map(({ _id }) => _id.eventId));
  }
}
