import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { Configuration } from '#runtime';

const TEXT = readFileSync(join(import.meta.dirname, '..', '..', '.env.example'), 'utf8');
const LINES = TEXT.split('\n');
const VARIABLE = /^# ([A-Z][A-Z0-9_]*)=(.*)$/;

it('.env.example lists every variable with its default', () => {
  const listed = LINES.map((line) => VARIABLE.exec(line)).filter((match) => match !== null);
  const defaults = Object.entries(new Configuration()).map(([name, value]) => [name, String(value ?? '')]);
  expect(Object.fromEntries(listed.map(([, name, value]) => [name, value]))).toEqual(Object.fromEntries(defaults));
  expect(listed).toHaveLength(defaults.length);
});

it('.env.example says what each variable is for', () => {
  const unexplained = LINES.filter((line, index) => VARIABLE.test(line) && !/^# .*\.$/.test(LINES[index - 1] ?? ''));
  expect(unexplained).toEqual([]);
});
