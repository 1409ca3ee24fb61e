import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as evaluation from './index.js';

it('the example of the README runs and prints what it says', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, block] = /```ts\r?\n([\s\S]*?)```/.exec(readme)!;
  const printed: number[] = [];
  const body = block!.replace(/^import \{(.*)\} from '@rag\/eval';/gm, 'const {$1} = evaluation;');
  expect(body).not.toContain('import');
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
  await new AsyncFunction('evaluation', 'console', body)(evaluation, {
    log: (value: number) => printed.push(value),
  });
  const promised = [...block!.matchAll(/\/\/ ([\d.]+)(…?)/g)].map(([, digits]) => digits!);
  expect(promised).toHaveLength(4);
  expect(printed.map((value, i) => String(value).slice(0, promised[i]!.length))).toEqual(promised);
  const rows = [{ relevance: [0, 1] }, { relevance: [1, 0, 0] }];
  expect(evaluation.chance(rows, ['mrr@10'])['mrr@10'].mean).toBeCloseTo(printed[1]!, 15);
});
