import { createHmac, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { hashOf, Secret, Vault, type StoredVaultRecord } from '#kernel';
import type { PlatformId } from '../platform.js';

const FLOW = 'oauth-flow';
const START = 'oauth-start';
/** Hashes of state and cookie are kept this long beyond the attempt's end, so that a late callback still leads home. */
const KEPT_BEYOND_END_MS = 24 * 3_600_000;
/** How long a callback's taker may be at work before another carries on. */
export const TAKEN_MS = 30_000;

/** What binds a consent to its attempt and to the browser that began it. Secrets are here as hashes alone. */
export interface OAuthFlow {
  readonly connectionId: string;
  readonly workspaceId: string;
  readonly login: PlatformId;
  readonly browserHash: string;
  readonly returnUrl: string;
  /** A callback has begun to exchange its code: it is never exchanged again. */
  readonly taken: boolean;
}

export interface FlowRecord {
  readonly id: string;
  readonly flow: OAuthFlow;
  readonly version: number;
}

/** The secrets of an attempt: made from its id, so that a retried command shows the same and nothing has to be stored. */
export interface FlowSecrets {
  readonly state: string;
  readonly startSecret: string;
  readonly codeVerifier: Secret;
}

/**
 * OAuth flows (C7): `state` is single use and bound to attempt, person, purpose and browser. A browser is known by a cookie
 * that belongs to it, not to one attempt, so that attempts run side by side.
 */
@Injectable()
export class OAuthFlows {
  constructor(private readonly vault: Vault) {}

  secretsOf(connectionId: string): FlowSecrets {
    return {
      state: this.vault.derive('oauth-state', connectionId),
      startSecret: this.vault.derive('oauth-start', connectionId),
      codeVerifier: new Secret(this.vault.derive('pkce-verifier', connectionId)),
    };
  }

  /** The browser's cookie where it is one of ours, else a new one made from the command's id. */
  browserCookie(presented: string | undefined, commandId: string): string {
    if (presented !== undefined && this.isOurCookie(presented)) return presented;
    const random = this.vault.derive('browser', commandId);
    return `${random}.${this.#cookieMac(random)}`;
  }

  isOurCookie(text: string): boolean {
    const [random, mac, ...rest] = text.split('.');
    if (!random || !mac || rest.length > 0) return false;
    return equal(mac, this.#cookieMac(random));
  }

  /** Remembers an attempt's flow. Repeatable. */
  async open(flow: Omit<OAuthFlow, 'taken'>, starter: { readonly name: string }, lapsesAt: string): Promise<void> {
    const { state, startSecret } = this.secretsOf(flow.connectionId);
    const dueAt = new Date(Date.parse(lapsesAt) + KEPT_BEYOND_END_MS).toISOString();
    await this.vault.store.insert({
      kind: FLOW,
      id: hashOf(state),
      subject: null,
      value: { ...flow, taken: false },
      sealed: null,
      dueAt,
    });
    const key = await this.vault.keyFor(flow.connectionId);
    if (key === 'destroyed') return;
    const sealed = key.seal(JSON.stringify(starter), `${START}|${flow.connectionId}`).toString('base64');
    const value = { connectionId: flow.connectionId, flowId: hashOf(state) };
    await this.vault.store.insert({
      kind: START,
      id: hashOf(startSecret),
      subject: flow.connectionId,
      value,
      sealed,
      dueAt: lapsesAt,
    });
  }

  /** The flow that this state began; null for an unknown one, and a day beyond the attempt's end whether or not it is swept. */
  async find(state: string, now: Date): Promise<FlowRecord | null> {
    const record = await this.vault.store.read(FLOW, hashOf(state));
    return record?.dueAt && record.dueAt <= now.toISOString() ? null : toFlow(record);
  }

  async ofConnection(connectionId: string): Promise<FlowRecord | null> {
    return toFlow(await this.vault.store.read(FLOW, hashOf(this.secretsOf(connectionId).state)));
  }

  /** Whether the cookie is that of the browser which began the flow. */
  isBrowserOf(flow: OAuthFlow, cookie: string | undefined): boolean {
    return cookie !== undefined && this.isOurCookie(cookie) && equal(hashOf(cookie), flow.browserHash);
  }

  /** Takes the flow for one callback at a time; null while another is at it. */
  async hold(id: string, owner: string): Promise<FlowRecord | null> {
    return toFlow(await this.vault.store.hold(FLOW, id, owner, TAKEN_MS));
  }

  async release(id: string, owner: string): Promise<void> {
    await this.vault.store.release(FLOW, id, owner);
  }

  /** Notes durably that a code is about to be exchanged. False when somebody else was first. */
  async take(record: FlowRecord): Promise<boolean> {
    return this.#replace(record, { ...record.flow, taken: true });
  }

  /** Who asked, for a start link that was not used up. Looking spends nothing. */
  async findStart(startSecret: string): Promise<{ readonly flow: FlowRecord; readonly starterName: string } | null> {
    const record = await this.vault.store.read(START, hashOf(startSecret));
    if (!record?.sealed) return null;
    const connectionId = record.value['connectionId'] as string;
    const flow = toFlow(await this.vault.store.read(FLOW, record.value['flowId'] as string));
    const key = await this.vault.existingKey(connectionId);
    if (!flow || key === null || key === 'destroyed') return null;
    const starter = JSON.parse(key.open(Buffer.from(record.sealed, 'base64'), `${START}|${connectionId}`)) as {
      name: string;
    };
    return { flow, starterName: starter.name };
  }

  /** Spends a start link: from now on the flow belongs to the browser with this cookie. False when it was spent already. */
  async useStart(startSecret: string, flow: FlowRecord, cookie: string): Promise<boolean> {
    if (!(await this.vault.store.remove(START, hashOf(startSecret)))) return false;
    return this.#replace(flow, { ...flow.flow, browserHash: hashOf(cookie) });
  }

  /** Removes flows whose time beyond the end is over. */
  async sweep(now: Date, limit: number): Promise<number> {
    const due = await this.vault.store.due(FLOW, now.toISOString(), limit);
    for (const record of due) await this.vault.store.remove(FLOW, record.id);
    return due.length;
  }

  async #replace(record: FlowRecord, flow: OAuthFlow): Promise<boolean> {
    const stored = await this.vault.store.read(FLOW, record.id);
    if (!stored || stored.version !== record.version) return false;
    return (await this.vault.store.replace({ ...stored, value: { ...flow } }, record.version)) === 'written';
  }

  #cookieMac(random: string): string {
    return createHmac('sha256', this.vault.derive('browser-cookie', 'mac')).update(random).digest('base64url');
  }
}

const toFlow = (record: StoredVaultRecord | null): FlowRecord | null =>
  record && { id: record.id, flow: record.value as unknown as OAuthFlow, version: record.version };

function equal(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
