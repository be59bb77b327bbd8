import { Clock } from '#kernel';
import { SandboxControls, type SandboxPart } from '#runtime';
import { SANDBOX_AUDIENCE, SANDBOX_ISSUER, type Sandbox, type SandboxClock } from '../sandbox/index.js';

/** The sandbox's clock as domain time. */
class MovableClock extends Clock {
  constructor(private readonly clock: SandboxClock) {
    super();
  }

  override now(): Date {
    return this.clock.now();
  }

  override onMoved(listener: () => void): () => void {
    return this.clock.subscribe(listener);
  }
}

class SandboxInProcess extends SandboxControls {
  constructor(private readonly sandbox: Sandbox) {
    super();
  }

  override now(): Promise<Date> {
    return Promise.resolve(this.sandbox.clock.now());
  }

  override setClock(to: Date): Promise<boolean> {
    return Promise.resolve(this.sandbox.clock.set(to));
  }

  override issueSession(session: Parameters<SandboxControls['issueSession']>[0]): Promise<string> {
    return this.sandbox.issuer.issueSession(session);
  }

  override keySet(): Promise<object> {
    return Promise.resolve(this.sandbox.issuer.jwks());
  }
}

/** A sandbox of this process, as the service uses it. */
export const asSandboxPart = (sandbox: Sandbox): SandboxPart => ({
  url: sandbox.url,
  publicUrl: sandbox.url,
  clock: new MovableClock(sandbox.clock),
  controls: new SandboxInProcess(sandbox),
  issuer: { keySet: sandbox.issuer.jwks(), issuer: SANDBOX_ISSUER, audience: SANDBOX_AUDIENCE },
});
