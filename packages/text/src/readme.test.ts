import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as text from './index.js';

it('runs the example of the README', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const block = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  const lines = block.split('\n').filter((line) => !line.startsWith('import '));
  const imported = /import \{ ([^}]*) \}/.exec(block)![1]!;
  const printed: unknown[][] = [];
  const run = new Function('text', 'console', `const { ${imported} } = text;\n${lines.join('\n')}`);
  run(text, { log: (...values: unknown[]) => printed.push(values) });
  expect(printed).toHaveLength(1);
  const [batch, seq, tokens, realTokens] = printed[0] as number[];
  expect(batch).toBe(3);
  expect(seq! % 8).toBe(0);
  expect(tokens).toBeGreaterThan(realTokens!);
});
