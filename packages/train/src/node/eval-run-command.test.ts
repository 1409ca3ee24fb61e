import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runRag } from '../testing/run-rag.js';

let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rag-eval-run-'));
  await writeFile(at('qrels'), 'a 0 x 1\nb 0 y 2\nc 0 z 1\nnone 0 x 0\n');
  await writeFile(
    at('good.run'),
    'a Q0 x 1 2 t\na Q0 y 2 1 t\nb Q0 y 1 1 t\nc Q0 z 1 1 t\nextra Q0 x 1 1 t\n',
  );
  // Ranks by distance: a's better rank has the lower score; c has no results.
  await writeFile(at('odd.run'), 'a Q0 x 1 1 t\na Q0 y 2 2 t\nb Q0 y 1 1 t\n');
});
afterAll(() => rm(folder, { recursive: true }));

test('runs beside each other, with what was left out', async () => {
  const { code, stdout, stderr } = await runRag(
    ...['eval', 'run', '--run', at('good.run'), at('odd.run'), '--qrels', at('qrels'), '--metrics', 'mrr@10'],
  );
  expect([code, stderr]).toEqual([0, '']);
  const lines = stdout.replaceAll(`${folder}/`, '').replaceAll(`${folder}\\`, '').trimEnd().split('\n');
  expect(lines.map((line) => line.replace(/ \[.*/, '').trimEnd())).toEqual([
    'good.run: 1 judged queries without results count as 0',
    'good.run: 1 judged queries without a relevant document are left out',
    'good.run: 1 queries are not judged and left out',
    'odd.run:1: ranks above line 2 with a lower score, and 0 more queries have such lines — scores count, ranks do not',
    'odd.run: 2 judged queries without results count as 0',
    'odd.run: 1 judged queries without a relevant document are left out',
    '3 queries',
    expect.stringMatching(/^ +mrr@10$/),
    expect.stringMatching(/good\.run +1\.000$/),
    expect.stringMatching(/odd\.run +0\.500$/),
    'odd.run − good.run: mrr@10 -0.500',
  ]);
});

test('faults', async () => {
  await writeFile(at('bad.run'), 'a Q0 x 1 NaN t\n');
  expect((await runRag('eval', 'run', '--run', at('bad.run'), '--qrels', at('qrels'))).stderr).toContain(
    'bad.run:1: score expected a finite number, got "NaN"',
  );
  expect((await runRag('eval', 'run', '--run', at('good.run'))).stderr).toContain(
    '--qrels: expected <file>, got none',
  );
});
