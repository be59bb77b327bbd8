import { isRefusal, type Streams, type Automation, type RefusalCode, type Todo, type TodoOutcome } from '#kernel';
import { connection, lapseConnection, type ConnectionEvent } from '../domain/connection.js';
import type { Attempts } from '../write/attempts.js';
import type { OAuthFlows } from '../write/oauth-flows.js';
import { factsOf, type SettleAuthorization } from '../write/settle-authorization.js';
import { automationContext } from './automation-context.js';

/** Refusals that say nothing about the attempt. */
const PASSING: ReadonlySet<RefusalCode> = new Set(['unavailable', 'revision-conflict']);

type Row = {
  readonly id: string;
  readonly workspaceId: string;
  readonly status: 'open' | 'selected' | 'ended';
  readonly dueAt: string | null;
};

/** ConnectionLapsed at its time (C7), and the end of everything that an attempt had stored, however it ended. */
export class LapseConnections {
  constructor(
    private readonly streams: Streams,
    private readonly attempts: Attempts,
    private readonly flows: OAuthFlows,
    private readonly settling: SettleAuthorization,
  ) {}

  automation(): Automation<Row> {
    return {
      name: 'lapse-connections',
      version: 1,
      partitions: 1,
      fields: {},
      indexes: {},
      terms: [],
      follows: ['connection'],
      readsPersonalData: false,
      project(row, { event, recorded }) {
        const change = event as ConnectionEvent;
        switch (change.type) {
          case 'ConnectionStarted': {
            const id = recorded.stream.slice('connection-'.length);
            return { id, workspaceId: change.data.workspaceId, status: 'open', dueAt: change.data.lapsesAt };
          }
          case 'ConnectionAuthorized':
            return row;
          case 'ConnectionSelected':
            return row && { ...row, status: 'selected', dueAt: null };
          case 'ConnectionCompleted':
          case 'ConnectionFailed':
          case 'ConnectionLapsed':
            return row && { ...row, status: 'ended', dueAt: recorded.metadata.occurredAt };
        }
      },
      describe: (_key, row) => ({ fields: {}, dueAt: row.dueAt }),
      carryOut: (todo) => this.#carryOut(todo),
    };
  }

  async #carryOut({ body, now }: Todo<Row>): Promise<TodoOutcome> {
    if (body.status === 'ended') {
      await this.attempts.end(body.id);
      return { settled: true };
    }
    const carriedOn = await this.#carryOn(body, automationContext('lapse-connections', body.id, now));
    if (carriedOn) return carriedOn;
    const executed = await this.streams.execute({
      definition: connection,
      id: body.id,
      workspaceId: body.workspaceId,
      // A command of its own: what carried on may have written to this stream under the other one's id.
      context: automationContext('lapse-connections', body.id, now),
      decide: (state) => lapseConnection(state, { at: now }),
    });
    return isRefusal(executed) ? { later: executed.code } : { done: executed.position };
  }

  /** A callback that took the code and left no outcome: what the platform answered counts if it was kept, else the attempt has failed. */
  async #carryOn(row: Row, context: Parameters<SettleAuthorization['settle']>[3]): Promise<TodoOutcome | null> {
    const state = await factsOf(this.streams, row.id, row.workspaceId);
    if (isRefusal(state)) return { later: state.code };
    if (state.status !== 'started') return null;
    const flow = await this.flows.ofConnection(row.id);
    if (!flow?.flow.taken) return null;
    const actor = state.facts.startedBy;
    const kept = await this.attempts.read(row.id);
    const settled = kept
      ? await this.settling.settle(row.id, state.facts, kept, { ...context, actor })
      : await this.settling.fail(row.id, state.facts, 'platform-unavailable', context);
    // A refusal of the attempt itself is for good, and it lapses.
    if (isRefusal(settled)) return PASSING.has(settled.code) ? { later: settled.code } : null;
    return settled.state.status === 'authorized' ? null : { done: settled.position };
  }
}
