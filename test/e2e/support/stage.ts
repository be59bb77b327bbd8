import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { createWorkspace } from '../../support/service/steps.js';
import type { Person } from '../../support/service/person.js';
import { spawnService, type SpawnedService } from '../../support/service/spawned-service.js';
import { launchChromium } from './chromium.js';
import { Visit } from './visit.js';

/** Animations are off, so that what is looked at does not move. */
const EVERY_BROWSER: BrowserContextOptions = {
  locale: 'en-GB',
  timezoneId: 'Europe/Vienna',
  reducedMotion: 'reduce',
  viewport: { width: 1280, height: 860 },
};

/** The built service with its sandbox, and browsers of different people before it. */
export class Stage {
  readonly #visits: Visit[] = [];

  constructor(
    readonly service: SpawnedService,
    private readonly browser: Browser,
  ) {}

  /** A new browser of somebody: without cookies, storage or history. */
  async visit(options: BrowserContextOptions = {}): Promise<Visit> {
    const context = await this.browser.newContext({ ...EVERY_BROWSER, ...options });
    const visit = new Visit(context, await context.newPage(), this.service.url);
    this.#visits.push(visit);
    return visit;
  }

  /** Somebody with a workspace of their own, made by the API: for what is to be there before a scenario begins. */
  async owner(userId: string, workspaceName: string): Promise<{ person: Person; workspaceId: string }> {
    const person = await this.service.as(userId);
    return { person, workspaceId: await createWorkspace(person, workspaceName) };
  }

  /** Ends all visits and answers what their consoles said that a clean page does not say. */
  async endVisits(): Promise<readonly string[]> {
    const visits = this.#visits.splice(0);
    await Promise.all(visits.map((visit) => visit.end()));
    return visits.flatMap(({ complaints }) => complaints);
  }

  async close(): Promise<void> {
    await this.endVisits();
    await this.browser.close();
    await this.service.stop();
  }
}

/** A stage for all scenarios of a file. After each of them, every console must have stayed clean. */
export function useStage(): () => Stage {
  let stage: Stage | null = null;
  beforeAll(async () => {
    stage = new Stage(await spawnService({ LOG_LEVEL: 'error' }), await launchChromium());
  });
  afterEach(async () => {
    expect(await stage?.endVisits()).toEqual([]);
  });
  afterAll(async () => {
    await stage?.close();
  });
  return () => {
    if (stage === null) throw new Error('The stage is there only inside a test.');
    return stage;
  };
}
