import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const NUMBER = '[A-Z]\\d{1,2}';
/** A title begins with the numbers of the behaviours that it shows: `C5: …`, `T1, T2: …`, `C7 …`. */
const CITATION = new RegExp(`^(${NUMBER}(?:(?:, | and )${NUMBER})*)[: ]`);

/** The title of every test below a folder. */
export function testTitles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.spec.ts'))
    .flatMap((name) => titlesIn(readFileSync(join(folder, name), 'utf8')));
}

/** The title of every `it` of a source, also of `it.each` and its like. */
export function titlesIn(source: string): readonly string[] {
  const titles: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && rootOf(node.expression) === 'it') {
      const [title] = node.arguments;
      if (title && ts.isStringLiteralLike(title)) titles.push(title.text);
      else if (title && ts.isTemplateExpression(title)) titles.push(title.head.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('spec.ts', source, ts.ScriptTarget.Latest));
  return titles;
}

/** The numbers that a title cites. */
export function citedIn(title: string): readonly string[] {
  return CITATION.exec(title)?.[1]?.split(/, | and /) ?? [];
}

/** The name that a chain of calls and properties begins with: `it` in `it.each(table)`. */
function rootOf(expression: ts.Expression): string | null {
  if (ts.isIdentifier(expression)) return expression.text;
  if (ts.isCallExpression(expression) || ts.isPropertyAccessExpression(expression))
    return rootOf(expression.expression);
  return null;
}
