import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import * as api from './index.js';

test("the README's example runs and prints its batch", async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const [statement, names] = /^import \{ (.*) \} from '@rag\/data';$/m.exec(code) ?? [];
  expect(statement).toBeDefined();
  const log = vi.fn();
  const exported = new Map<string, unknown>(Object.entries(api));
  const values = names!.split(', ').map((name) => exported.get(name));
  const run = new Function(
    ...names!.split(', '),
    'console',
    `return (async () => {${code.replace(statement!, '')}})()`,
  );
  await run(...values, { log });
  expect(log.mock.calls[0]![0]).toContain('2 rows, 2 queries, 4 passages: 2 positive, 2 negative');
  expect(log.mock.calls.slice(1).map(([examples, next]) => [examples.length, next])).toEqual([
    [2, { epoch: 0, batch: 1 }],
    [2, { epoch: 1, batch: 0 }],
  ]);
});
