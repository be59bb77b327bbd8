import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '..', '..');
const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], { cwd: ROOT });
const DOCUMENTS = listed
  .toString()
  .split('\n')
  .filter((name) => name !== '');
/** The pictures of the README are made by the browser suite. */
const PICTURES = /(^|\/)docs\/pictures\//;

describe.each(DOCUMENTS)('%s', (document) => {
  const text = readFileSync(join(ROOT, document), 'utf8').replaceAll(/```[\s\S]*?```/g, '');

  it('links to files that are there', () => {
    const links = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map((match) => match[1] ?? '');
    const local = links.filter((link) => !/^[a-z]+:/.test(link) && !PICTURES.test(link));
    expect(local.filter((link) => !existsSync(join(ROOT, dirname(document), link)))).toEqual([]);
  });

  it('names files that are there', () => {
    const paths = [...text.matchAll(/`((?:apps|libs|scripts|test|docs)\/[\w./-]+\.\w+)`/g)].map(
      (match) => match[1] ?? '',
    );
    const named = paths.filter((path) => !PICTURES.test(path) && !path.startsWith('dist/'));
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});
