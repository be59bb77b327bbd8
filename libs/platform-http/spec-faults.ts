import { expect, it } from '@jest/globals';
import { PlatformFailure, type PlatformLogin } from '#social-accounts';
import { failed, type SandboxStage } from './spec-support.js';

interface FaultedLogin {
  readonly stage: SandboxStage;
  readonly login: PlatformLogin;
}

interface Expected {
  readonly answer: string;
  readonly code: 'platform-unavailable' | 'platform-error';
  readonly kind: PlatformFailure['kind'];
  /** How often the code is sent when the token endpoint answers so each time. */
  readonly codeSent: number;
  /** Whether the flow survives one such answer of the token endpoint, and of another one. */
  readonly survivesOnce: { readonly token: boolean; readonly profile: boolean };
}

const survives = { always: { token: true, profile: true }, never: { token: false, profile: false } };

const faults: readonly Expected[] = [
  { answer: '429', code: 'platform-unavailable', kind: 'rate-limited', codeSent: 3, survivesOnce: survives.always },
  { answer: '500', code: 'platform-unavailable', kind: 'transient', codeSent: 3, survivesOnce: survives.always },
  // Nobody knows whether the platform used the code up, so it is not sent again.
  {
    answer: 'timeout',
    code: 'platform-unavailable',
    kind: 'transient',
    codeSent: 1,
    survivesOnce: { token: false, profile: true },
  },
  {
    answer: 'reset',
    code: 'platform-unavailable',
    kind: 'transient',
    codeSent: 1,
    survivesOnce: { token: false, profile: true },
  },
  { answer: 'invalid_grant', code: 'platform-error', kind: 'other', codeSent: 1, survivesOnce: survives.never },
  { answer: 'bad-json', code: 'platform-error', kind: 'other', codeSent: 1, survivesOnce: survives.never },
  { answer: 'empty', code: 'platform-error', kind: 'other', codeSent: 1, survivesOnce: survives.never },
];

/**
 * Every fault that the sandbox can play, at the code exchange and at what is read after it. `tokenPathEnd` is where codes are
 * exchanged; a rejected token or code has the kind `rejected` where the platform says so.
 */
export function itMeetsEveryFault(
  platform: string,
  tokenPathEnd: string,
  rejectedKinds: { readonly token: PlatformFailure['kind']; readonly profile: PlatformFailure['kind'] },
  parts: () => FaultedLogin,
): void {
  it.each(faults)(
    'takes $answer at the code exchange for $code, and sends the code at most $codeSent times',
    async (one) => {
      const { stage, login } = parts();
      const callback = await stage.consent(login);
      await stage.control({ do: 'next', platform, endpoint: 'token', times: 10, answer: one.answer });
      const failure = failed(await login.authorize(callback));
      const kind = one.answer === 'invalid_grant' ? rejectedKinds.token : one.kind;
      expect(failure).toMatchObject({ code: one.code, kind });
      expect(await stage.calls(tokenPathEnd)).toHaveLength(one.codeSent);
    },
  );

  it.each(faults)('takes $answer at what is read after the exchange for $code', async (one) => {
    const { stage, login } = parts();
    const callback = await stage.consent(login);
    await stage.control({ do: 'next', platform, endpoint: 'profile', times: 10, answer: one.answer });
    const failure = failed(await login.authorize(callback));
    const kind = one.answer === 'invalid_grant' ? rejectedKinds.profile : one.kind;
    expect(failure).toMatchObject({ code: one.code, kind });
  });

  it.each(faults)('survives a single $answer where that is safe', async ({ answer, survivesOnce }) => {
    const { stage, login } = parts();
    for (const endpoint of ['token', 'profile'] as const) {
      await stage.control({ do: 'reset' });
      const callback = await stage.consent(login);
      await stage.control({ do: 'next', platform, endpoint, times: 1, answer });
      const outcome = await login.authorize(callback);
      expect({ endpoint, survived: !(outcome instanceof PlatformFailure) }).toEqual({
        endpoint,
        survived: survivesOnce[endpoint],
      });
    }
  });
}
