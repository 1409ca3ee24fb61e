import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSafetensorsHeader } from '@rag/models';
import { type CheckpointToSave, directorySource, saveCheckpoint } from '@rag/models/node';
import type { SessionState, StatePart } from '@rag/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openState, STATE_FILE, withState } from './state-file.js';

let path: string;
beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'state-')), 'checkpoint_0');
});
afterEach(() => rm(join(path, '..'), { recursive: true, force: true }));

const values = new Map<string, Float32Array>();
const arrayOf = (name: string, part: StatePart, length: number): Float32Array => {
  const key = `${name} ${part}`;
  if (!values.has(key))
    values.set(
      key,
      Float32Array.from({ length }, (_, i) => Math.sin(values.size * 7 + i)),
    );
  return values.get(key)!;
};
const lengths: Record<string, number> = { a: 6, 'b.lora': 2, c: 4 };
const state: SessionState = {
  step: 12,
  lossScale: { scale: 1024, weight: 2, applied: 1, skipped: 0, skippedInARow: 0 },
  parameters: [
    { name: 'a', shape: [2, 3] },
    { name: 'b.lora', shape: [2] },
    { name: 'c', shape: [4] },
  ],
  read: async (name, part) => arrayOf(name, part, lengths[name]!),
};

/** `a` is in the model under another name, `b.lora` is not, `c` is there in half precision. */
const model = (): CheckpointToSave => ({
  config: { model_type: 'bert' },
  tensors: [
    { name: 'encoder.a', shape: [2, 3], data: () => state.read('a', 'value') },
    { name: 'c', shape: [4], dtype: 'F16', data: () => state.read('c', 'value') },
    { name: 'frozen', shape: [1], data: Float32Array.of(3) },
  ],
});

async function save() {
  const { model: complete, stored } = await withState(model(), state);
  await saveCheckpoint(path, complete);
  return JSON.parse(JSON.stringify(stored())) as ReturnType<typeof stored>;
}

test('what the model does not hold bit for bit is beside the moments, and all of it comes back', async () => {
  const stored = await save();
  const source = await directorySource(path);
  const { tensors } = await readSafetensorsHeader(source, STATE_FILE);
  expect([...tensors.keys()].sort()).toEqual([
    ...['a.exp_avg', 'a.exp_avg_sq', 'b.lora', 'b.lora.exp_avg', 'b.lora.exp_avg_sq'],
    ...['c', 'c.exp_avg', 'c.exp_avg_sq'],
  ]);
  expect(Object.entries(stored).map(([name, { tensor }]) => [name, tensor])).toEqual([
    ['a', 'encoder.a'],
    ['b.lora', undefined],
    ['c', undefined],
  ]);
  const opened = await openState(source, path, { ...state, stored });
  expect(opened).toMatchObject({ step: 12, lossScale: state.lossScale, parameters: state.parameters });
  for (const { name } of state.parameters)
    for (const part of ['value', 'first', 'second'] as const)
      expect(await opened.read(name, part)).toEqual(await state.read(name, part));
});

test('a file that was cut, a bit that was turned and a tensor that is gone are errors that name them', async () => {
  const stored = await save();
  const open = async () => openState(await directorySource(path), path, { ...state, stored });
  const file = join(path, STATE_FILE);
  const bytes = await readFile(file);
  await truncate(file, bytes.length - 4);
  await expect(open()).rejects.toThrow(
    /optimizer.safetensors: expected .* bytes of data by its header, got \d+ — name another checkpoint/,
  );
  await rm(file);
  await expect(open()).rejects.toThrow('optimizer.safetensors: expected a file that can be read, got none');
  const turned = Buffer.from(bytes);
  turned[turned.length - 1]! ^= 1;
  await writeFile(file, turned);
  const opened = await open();
  await expect(
    (async () => {
      for (const { name } of state.parameters)
        for (const part of ['value', 'first', 'second'] as const) await opened.read(name, part);
    })(),
  ).rejects.toThrow(
    /optimizer.safetensors: expected "c.exp_avg_sq" with the checksum \d+, got \d+: the file was damaged — name another/,
  );
  await writeFile(file, bytes);
  Object.assign(stored, { d: { digests: [0, 0, 0] } });
  await expect(open()).rejects.toThrow('expected "d.exp_avg" in float32, got none');
});
