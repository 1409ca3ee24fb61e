import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { memorySource } from './file-source.js';
import { readPytorchFile } from './pytorch-file.js';
import { torchArchive } from './torch-archive.js';

const weight = { name: 'weight', shape: [2, 3], data: Float32Array.of(1, -2, 3.5, -0, 1e-30, 6) };
const bias = { name: 'bias', shape: [2], data: Float32Array.of(0.1, Number.POSITIVE_INFINITY) };

test('the reader of torch files gives back names, shapes and bits', async () => {
  const found = await readPytorchFile(
    memorySource({ 'linear.pt': torchArchive([weight, bias]) }),
    'linear.pt',
  );
  expect([...found.keys()]).toEqual(['weight', 'bias']);
  for (const { name, shape, data } of [weight, bias]) {
    expect(found.get(name)!.shape).toEqual(shape);
    expect(new Uint8Array((await found.get(name)!.read()).buffer)).toEqual(new Uint8Array(data.buffer));
  }
});

test('these bytes were opened by torch.load(weights_only=True) of torch 2.13.0, equal to the bit', () => {
  const digest = createHash('sha256')
    .update(torchArchive([weight, bias]))
    .digest('hex');
  expect(digest).toBe('75bf29b24eefc8fa4018358d0933d7d49497b78f10c839111434abd44a7cb6b1');
});

test('storages are aligned to 64 bytes, as torch maps them', () => {
  const archive = torchArchive([weight, bias]);
  const view = new DataView(archive.buffer);
  const at = (signature: number) =>
    Array.from({ length: archive.length - 3 }, (_, i) => i).filter(
      (i) => view.getUint32(i, true) === signature,
    );
  const starts = at(0x04034b50).map(
    (i) => i + 30 + view.getUint16(i + 26, true) + view.getUint16(i + 28, true),
  );
  expect(starts.map((start) => start % 64)).toEqual([0, 0, 0, 0, 0]);
  expect(at(0x02014b50).length).toBe(5);
});

test('a tensor whose elements are not its shape', () => {
  expect(() => torchArchive([{ ...weight, shape: [2, 2] }])).toThrow(
    'weight: expected [2,2] elements, fewer than 2^31, got 6',
  );
});
