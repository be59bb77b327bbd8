/** Goes on for as long as it is told to. */
export type Client = (goesOn: () => boolean) => Promise<void>;

/** Does something while clients go on with what they do. Nothing is under way any more when it ends. @throws the first failure. */
export async function underLoad(clients: readonly Client[], work: () => Promise<void>): Promise<void> {
  let isOver = false;
  const failures: unknown[] = [];
  const watch = async (one: Promise<void>): Promise<void> => {
    try {
      await one;
    } catch (error) {
      failures.push(error);
    } finally {
      isOver = true;
    }
  };
  await Promise.all([...clients.map((client) => client(() => !isOver)), work()].map(watch));
  if (failures.length > 0) throw failures[0];
}
