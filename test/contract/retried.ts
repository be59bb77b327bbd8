import { setTimeout as sleep } from 'node:timers/promises';

/** Calls again, as every caller of a server that goes and comes back has to. */
export async function retried<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (attempt === 100) throw error;
      await sleep(50);
    }
  }
}
