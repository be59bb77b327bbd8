const LIMIT_MS = 15_000;
const PAUSE_MS = 50;

/** Waits until the expectation holds; in the end it fails with what the expectation itself says. */
export async function eventually(expectation: () => Promise<void> | void): Promise<void> {
  const end = Date.now() + LIMIT_MS;
  for (;;) {
    try {
      await expectation();
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
