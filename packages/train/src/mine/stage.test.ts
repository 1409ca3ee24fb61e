import { bytesSource } from '@rag/data';
import { expect, test } from 'vitest';
import { memoryFiles } from '../testing/memory-files.js';
import { runStage, type Stage } from './stage.js';

function stageOf(more: Partial<Stage<string>> = {}) {
  const files = memoryFiles();
  const calls: number[] = [];
  const said: string[] = [];
  const run = (settings: Record<string, string>, overwrite = false) =>
    runStage<string>({
      files,
      name: 'made',
      settings,
      overwrite,
      sources: [bytesSource('rows', 'a\nb\nc\n')],
      parse: ({ bytes }) => new TextDecoder().decode(bytes),
      windowWeight: 2,
      say: (line) => void said.push(line),
      transform: async (rows, { first, tally }) => {
        calls.push(first);
        tally.rows = (tally.rows ?? 0) + rows.length;
        return new TextEncoder().encode(rows.join('').toUpperCase());
      },
      ...more,
    });
  return { files, calls, said, run };
}

test('a finished file of the same settings is taken, with what was counted', async () => {
  const { calls, said, run, files } = stageOf();
  const first = await run({ model: 'a' });
  expect(calls).toEqual([0, 2]);
  const again = await run({ model: 'a' });
  expect(calls).toEqual([0, 2]);
  expect([first.tally, again.tally]).toEqual([{ rows: 3 }, { rows: 3 }]);
  expect(new TextDecoder().decode(await again.source.read(0, 9))).toBe('ABC');
  expect(said).toEqual(['made: taken from an earlier run']);
  expect(files.names()).toEqual(['made', 'made.json']);
});

test('one of other settings is refused, and made again with overwrite', async () => {
  const { calls, run, files, said } = stageOf();
  await run({ model: 'a' });
  await expect(run({ model: 'b' })).rejects.toThrow('made.json: expected model "a"');
  await run({ model: 'b' }, true);
  expect(calls).toHaveLength(4);
  expect(said).toContain('made: made again, since its settings are others');
  for (const text of ['', '{', 'null', '{"version":1}', '{"version":1,"settings":{},"tally":{"rows":"3"}}']) {
    await files.writeText('made.json', text);
    await expect(run({ model: 'b' })).rejects.toThrow('made.json: expected the record of the file');
  }
  await run({ model: 'b' }, true);
});
