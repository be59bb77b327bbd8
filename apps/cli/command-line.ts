import { parseArgs } from 'node:util';
import { type Command, type Given, type Surroundings, WrongUsage } from './command.js';
import { eventStoreSecure } from './commands/event-store-secure.js';
import { migrate } from './commands/migrate.js';
import { parkedList, parkedRetry, parkedSkip } from './commands/parked.js';
import { projections } from './commands/projections.js';
import { readStoreAdopt } from './commands/read-store-adopt.js';
import { rebuild } from './commands/rebuild.js';
import { vaultRewrap } from './commands/vault-rewrap.js';
import { sentencesOf } from './sentences.js';

const COMMANDS: readonly Command[] = [
  projections,
  rebuild,
  parkedList,
  parkedRetry,
  parkedSkip,
  readStoreAdopt,
  vaultRewrap,
  eventStoreSecure,
  migrate,
];

export const STATUS = { done: 0, failed: 1, usage: 64 } as const;

/** Runs one command and answers its status. */
export async function runCommandLine(words: readonly string[], surroundings: Surroundings): Promise<number> {
  const { output, errors } = surroundings;
  if (words.length === 0 || words[0] === 'help' || words[0] === '--help' || words[0] === '-h') {
    const asked = words[0] === 'help' ? find(words.slice(1)) : null;
    output.write(asked ? asked.usage : overview());
    return STATUS.done;
  }
  const command = find(words);
  if (command === null) {
    errors.write(
      `There is no command \`${words.filter((word) => !word.startsWith('-')).join(' ')}\`.\n\n${overview()}`,
    );
    return STATUS.usage;
  }
  try {
    const given = parse(command, words.slice(command.name.split(' ').length));
    if (given === 'help') output.write(command.usage);
    else await command.run(given, surroundings);
    return STATUS.done;
  } catch (error) {
    for (const sentence of sentencesOf(error)) errors.write(`${command.name}: ${sentence}\n`);
    if (!(error instanceof WrongUsage)) return STATUS.failed;
    errors.write(`\`npm run cli -- ${command.name} --help\` tells how it is called.\n`);
    return STATUS.usage;
  }
}

/** The command whose words these begin with. */
const find = (words: readonly string[]): Command | null =>
  COMMANDS.find(({ name }) => name.split(' ').every((word, index) => word === words[index])) ?? null;

/** @throws WrongUsage */
function parse({ options = {}, parameters = [] }: Command, words: readonly string[]): Given | 'help' {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...words],
      options: { ...options, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    });
  } catch (error) {
    throw new WrongUsage(firstLineOf(error));
  }
  const { values, positionals } = parsed;
  if (values['help'] === true) return 'help';
  if (positionals.length > parameters.length) {
    throw new WrongUsage(`\`${positionals.slice(parameters.length).join(' ')}\` is too much.`);
  }
  const missing = parameters.slice(positionals.length);
  if (missing.length > 0) throw new WrongUsage(`${missing.map((name) => `<${name}>`).join(' ')} is missing.`);
  return { options: values, parameters: positionals };
}

/** Of what parseArgs says: it may go on with advice. */
const firstLineOf = (error: unknown): string =>
  (error as Partial<Error>).message?.split('\n')[0] ?? 'The options cannot be read.';

function overview(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length)) + 2;
  const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`);
  return `Usage: npm run cli -- <command> [options]\n\n${lines.join('\n')}\n\n\`<command> --help\` tells more, with examples.
Status 0: done. 1: failed, with one sentence on standard error. 64: called wrongly.\n`;
}
