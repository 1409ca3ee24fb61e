import { expect, test } from 'vitest';
import { Crash } from '../testing/crashing-disk.js';
import { memoryFiles } from '../testing/memory-files.js';
import { guardOf, mine } from '../testing/mine-rows.js';
import { wordRetriever } from '../testing/word-vectors.js';

test('memory is that of a window and a block, whatever the numbers of rows and passages', async () => {
  const many = Array.from({ length: 3000 }, (_, i) => ({ query: `q ${i}`, pos: [`p ${i}`] }));
  const { retriever, calls } = wordRetriever();
  const blocks: number[] = [];
  const watched = {
    ...retriever,
    blockPassages: 100,
    search: (request: Parameters<typeof retriever.search>[0]) => {
      expect(request.k).toBe(12);
      async function* counted() {
        for await (const block of request.blocks) {
          blocks.push(block.length);
          yield block;
        }
      }
      return retriever.search({ ...request, blocks: counted() });
    },
  };
  await mine({ input: many, retriever: watched, windowRows: { search: 1000, choose: 64 } });
  expect(calls.passages).toEqual([1024, 1024, 952]);
  expect(calls.queries).toEqual([1000, 1000, 1000]);
  expect(new Set(blocks)).toEqual(new Set([100]));
  expect(blocks).toHaveLength(90);
});

test('a run that is killed at any step goes on to the same bytes and report', async () => {
  const options = {
    windowRows: { encode: 30, search: 12, choose: 8 },
    guard: { scorer: guardOf(), margin: 1 },
    rules: { negatives: 3, sampling: 'random' as const, seed: 5, relativeMargin: 0.05 },
  };
  const whole = await mine({ ...options });
  const expected = whole.files.textOf('out.jsonl');
  const { steps } = whole.files;
  expect(steps).toBeGreaterThan(25);
  let encodedLess = 0;
  for (let crashAt = 0; crashAt < steps; crashAt++) {
    const files = memoryFiles();
    files.restart(crashAt);
    await expect(mine({ ...options, files })).rejects.toThrow(Crash);
    files.restart();
    const { retriever, calls } = wordRetriever();
    const { report } = await mine({ ...options, files, retriever });
    if (calls.passages.length < 3) encodedLess++;
    expect(files.textOf('out.jsonl')).toBe(expected);
    expect(report).toEqual(whole.report);
  }
  expect(encodedLess).toBeGreaterThan(steps / 2);
});

test('vectors are kept for other rules and ranks; another model is refused without overwrite', async () => {
  const files = memoryFiles();
  await mine({ files });
  const { retriever, calls } = wordRetriever();
  const said: string[] = [];
  const other = await mine({
    files,
    retriever,
    range: { from: 0, to: 30 },
    rules: { negatives: 30 },
    say: (line) => said.push(line),
  });
  expect(calls.passages).toEqual([]);
  expect(said).toContain('passages.vectors: taken from an earlier run');
  expect(said).toContain('hits.jsonl: made again, since its settings are others');
  expect(other.found).toEqual((await mine({ range: { from: 0, to: 30 }, rules: { negatives: 30 } })).found);
  const settings = { retriever: { model: 'b' } };
  await expect(mine({ files, settings })).rejects.toThrow('passages.vectors.json: expected model "a"');
  await expect(mine({ files, settings, overwrite: true })).resolves.toBeDefined();
});
