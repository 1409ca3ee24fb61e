import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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
  expect(lines.slice(0, 13).map((line) => line.replace(/ \[.*/, '').trimEnd())).toEqual([
    '3 queries',
    'good.run: 1 judged queries without results count as 0',
    'good.run: 1 judged queries without a relevant document are left out',
    'good.run: 1 queries are not judged and left out',
    'odd.run:1: ranks above line 2 with a lower score, and 0 more queries have such lines — scores count, ranks do not',
    'odd.run: 2 judged queries without results count as 0',
    'odd.run: 1 judged queries without a relevant document are left out',
    expect.stringMatching(/^ +mrr@10$/),
    expect.stringMatching(/good\.run +1\.000$/),
    expect.stringMatching(/odd\.run +0\.500$/),
    '',
    'differences by paired bootstrap over queries: 10,000 resamples, seed 42, 95 % intervals',
    '',
  ]);
  expect(lines[14]).toMatch(/^mrr@10 +-0\.500 \[-1\.000, 0\.000\] +0\.\d{3} +\d+\.\d % +0 +1 +2$/);
  // c has no results in odd.run.
  expect(stdout).toContain('    first after:  nothing');
});

test('texts, a page, JSON', async () => {
  await writeFile(
    at('queries'),
    ['a', 'b', 'c'].map((_id) => JSON.stringify({ _id, text: `ask <${_id}>` })).join('\n'),
  );
  await writeFile(
    at('corpus'),
    ['x', 'y', 'z'].map((_id) => JSON.stringify({ _id, text: `tell ${_id}` })).join('\n'),
  );
  const flags = ['eval', 'run', '--run', at('good.run'), at('odd.run'), '--qrels', at('qrels')];
  const texts = ['--queries', at('queries'), '--corpus', at('corpus'), '--resamples', '100'];
  const { stdout, code } = await runRag(...flags, ...texts, '--json', '--html', at('page.html'));
  expect(code).toBe(0);
  const told = JSON.parse(stdout);
  expect(told).toMatchObject({
    queries: 3,
    size: '3 queries',
    judgedBy: 'ndcg@10',
    resampling: { resamples: 100 },
  });
  expect(told.comparisons[0].worsened.map(({ query }: { query: string }) => query).sort()).toEqual([
    'ask <a>',
    'ask <c>',
  ]);
  const page = await readFile(at('page.html'), 'utf8');
  expect(page).toContain('ask &lt;a&gt;');
  expect(page).toContain('tell x');
});

test('faults', async () => {
  await writeFile(at('bad.run'), 'a Q0 x 1 NaN t\n');
  expect((await runRag('eval', 'run', '--run', at('bad.run'), '--qrels', at('qrels'))).stderr).toContain(
    'bad.run:1: score expected a finite number, got "NaN"',
  );
  expect((await runRag('eval', 'run', '--run', at('good.run'))).stderr).toContain(
    '--qrels: expected <file>, got none',
  );
  const one = ['eval', 'run', '--run', at('good.run'), '--qrels', at('qrels')];
  expect((await runRag(...one, '--json')).stderr).toContain(
    '--run: expected two runs or more to compare, got one',
  );
  expect((await runRag(...one, '--corpus', 'x')).stderr).toContain('--corpus: expected --queries with it');
});
