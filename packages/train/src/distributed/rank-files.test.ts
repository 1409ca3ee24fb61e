import type { TensorToWrite } from '@rag/models';
import { type Collective, loopback } from '@rag/runtime';
import { expect, test } from 'vitest';
import type { RunFiles } from '../run-files.js';
import { filesOfRank } from './rank-files.js';

/** Files that write down who writes what. */
function written(collective: Collective, log: string[]): RunFiles {
  const say = (what: string) => void log.push(`rank ${collective.rank}: ${what}`);
  return {
    saveModel: async (path, { tensors }) => {
      for (const { data } of tensors) if (typeof data === 'function') await data();
      say(`saves ${path}`);
    },
    writeText: async (path) => say(`writes ${path}`),
    makeDirectory: async (path) => say(`makes ${path}`),
    lock: async (path) => {
      say(`locks ${path}`);
      return async () => say(`unlocks ${path}`);
    },
    readText: async (path) => (log.some((line) => line.endsWith(`writes ${path}`)) ? 'text' : undefined),
  } as Partial<RunFiles> as RunFiles;
}

const onRanks = async <T>(run: (files: RunFiles, collective: Collective) => Promise<T>) => {
  const log: string[] = [];
  const results = await Promise.all(
    loopback(3).map((collective) => run(filesOfRank(written(collective, log), collective), collective)),
  );
  return { log, results };
};

test('rank 0 writes, and all ranks read what it wrote', async () => {
  const { log, results } = await onRanks(async (files) => {
    const release = await files.lock('out');
    await files.makeDirectory('out');
    const before = await files.readText('run.json');
    await files.writeText('run.json', '{}');
    const after = await files.readText('run.json');
    await release();
    return [before, after];
  });
  expect(log).toEqual([
    ...['rank 0: locks out', 'rank 0: makes out', 'rank 0: writes run.json'],
    'rank 0: unlocks out',
  ]);
  for (const result of results) expect(result).toEqual([undefined, 'text']);
});

test('what lies in shares is read on all ranks together, in the order of the file', async () => {
  const { log, results } = await onRanks(async (files, collective) => {
    const read: string[] = [];
    const shared = (name: string): TensorToWrite => ({
      ...{ name, shape: [1] },
      data: async () => {
        read.push(name);
        const sum = Float32Array.of(1);
        await collective.allReduce(sum);
        return sum;
      },
    });
    await files.saveModel('model', { config: {}, tensors: [shared('a'), shared('b')] });
    return read;
  });
  expect(log).toEqual(['rank 0: saves model']);
  for (const read of results) expect(read).toEqual(['a', 'b']);
});

test('a rank that cannot write fails; the others wait', async () => {
  const [first, second] = loopback(2) as [Collective, Collective];
  const refuse = async () => {
    throw new Error('the disk is full');
  };
  const full = filesOfRank({ ...written(first, []), writeText: refuse }, first);
  const other = filesOfRank(written(second, []), second).writeText('run.json', '{}');
  await expect(full.writeText('run.json', '{}')).rejects.toThrow('the disk is full');
  expect(() => first.abort('the disk is full')).toThrow();
  await expect(other).rejects.toThrow('the disk is full');
});
