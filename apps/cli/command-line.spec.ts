import { describe, expect, it } from '@jest/globals';
import { runCommandLine } from './command-line.js';

const SECRET = 's3cr3t-w0rd';
/** Every command, in the order in which help lists them. */
const NAMES = [
  'projections',
  'rebuild',
  'parked list',
  'parked retry',
  'parked skip',
  'read-store adopt',
  'vault rewrap',
  'event-store secure',
  'migrate',
];

async function run(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly output: string; readonly errors: string }> {
  let output = '';
  let errors = '';
  const status = await runCommandLine(words, {
    environment,
    output: { write: (text) => (output += text) },
    errors: { write: (text) => (errors += text) },
  });
  return { status, output, errors };
}

/** The commands of the overview: a name, and behind two spaces or more what it does. */
const namesIn = (overview: string): readonly string[] =>
  [...overview.matchAll(/^ {2}(\S+(?: \S+)*) {2,}\S/gm)].map(([, name = '']) => name);

describe('the command line', () => {
  it('lists its commands when it is asked nothing, or for help', async () => {
    for (const words of [[], ['help'], ['--help'], ['-h']]) {
      const { status, output, errors } = await run(words);
      expect([status, errors]).toEqual([0, '']);
      expect(namesIn(output)).toEqual(NAMES);
    }
  });

  it('tells how each command is called, with an example, and does nothing', async () => {
    for (const name of NAMES) {
      const asked = await run([...name.split(' '), '--help']);
      expect(asked).toEqual(await run(['help', ...name.split(' ')]));
      expect(asked).toEqual(await run([...name.split(' '), '-h']));
      expect([name, asked.status, asked.errors]).toEqual([name, 0, '']);
      expect(asked.output).toMatch(new RegExp(`^Usage: npm run cli -- ${name}[ \\n]`));
      expect(asked.output).toMatch(new RegExp(`\\nExample:\\n(.*\\n)*  npm run cli -- ${name}`));
    }
  });

  it('answers 64 for what it does not know, cannot read or misses', async () => {
    const environment = { READ_STORE_URL: 'mongodb://127.0.0.1:1/', EVENT_STORE_URL: 'esdb://127.0.0.1:1' };
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [['nothing'], /^There is no command `nothing`\./],
      [['vault'], /^There is no command `vault`\./],
      [['migrate', '--to', 'x'], /^migrate: Unknown option '--to'/],
      [['migrate', '--from'], /^migrate: Option '--from <value>' argument missing/],
      [['migrate', 'somewhere'], /^migrate: `somewhere` is too much\./],
      [['migrate'], /^migrate: --from must name/],
      [['migrate', '--from', 'x'], /^migrate: VAULT_MASTER_KEY must be set/],
      [['vault', 'rewrap'], /^vault rewrap: VAULT_MASTER_KEY must be set/],
    ];
    for (const [words, sentence] of wrong) {
      const { status, output, errors } = await run(words, environment);
      expect([status, output]).toEqual([64, '']);
      expect(errors).toMatch(sentence);
    }
    const unset = await run(['event-store', 'secure']);
    expect([unset.status, unset.errors]).toEqual([64, expect.stringMatching(/^event-store secure: EVENT_STORE_ADMIN/)]);
  });

  it('fails with one sentence that gives no secret away', async () => {
    const key = Buffer.alloc(32, 7).toString('base64');
    const unreadable = await run(['event-store', 'secure'], {
      EVENT_STORE_ADMIN_URL: `esdb://admin:${SECRET}@@@host:port`,
    });
    expect(unreadable).toMatchObject({ status: 1, output: '' });
    expect(unreadable.errors).toMatch(
      /^event-store secure: The connection string of the event store cannot be read.*\n$/,
    );
    const url = `mongodb://admin:${SECRET}@@@host:port/`;
    const wrongUrl = await run(['vault', 'rewrap'], { READ_STORE_URL: url, VAULT_MASTER_KEY: key });
    expect(wrongUrl.status).toBe(1);
    expect(wrongUrl.errors.trim().split('\n')).toHaveLength(1);
    const wrongKey = await run(['vault', 'rewrap'], { DATA_DIR: '/nowhere', VAULT_MASTER_KEY: SECRET });
    expect(wrongKey).toMatchObject({ status: 1, errors: expect.stringContaining('There is no vault') as unknown });
    for (const { errors } of [unreadable, wrongUrl, wrongKey]) expect(errors).not.toContain(SECRET);
  });
});
