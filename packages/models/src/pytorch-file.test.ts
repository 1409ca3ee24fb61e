import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { toFloat32 } from './dtype.js';
import { memorySource } from './file-source.js';
import { type PytorchTensor, readPytorchFile } from './pytorch-file.js';
import { PytorchFileError } from './pytorch-file-error.js';
import { pickleOf, storedZip } from './testing/pytorch-archive.js';
import { tensorPickle } from './testing/tensor-archive.js';

interface GoldenTensor {
  name: string;
  dtype: string;
  shape: number[];
  values: number[];
}

const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`./fixtures/pytorch/${name}`, import.meta.url)));
const golden = JSON.parse(new TextDecoder().decode(fixture('golden.json'))) as {
  files: Record<string, GoldenTensor[]>;
};
const read = (bytes: Uint8Array) => readPytorchFile(memorySource({ 'w.pt': bytes }), 'w.pt');

async function contents(tensors: ReadonlyMap<string, PytorchTensor>): Promise<GoldenTensor[]> {
  const list = [];
  for (const [key, tensor] of tensors) {
    const { name, dtype, shape } = tensor;
    expect(name).toBe(key);
    list.push({ name, dtype, shape: [...shape], values: Array.from(await tensor.read()) });
  }
  return list;
}

describe('files of torch.save', () => {
  test.each(Object.keys(golden.files))('%s: names, dtypes, shapes and elements', async (name) => {
    const want = golden.files[name]!;
    expect(want.length).toBeGreaterThan(1);
    expect(await contents(await read(fixture(name)))).toEqual(want);
  });

  test.each(['colbert_linear.pt', 'views.pt', 'legacy.pt', 'legacy-views.pt'])(
    '%s cut anywhere is an error of its own kind',
    async (name) => {
      const bytes = fixture(name);
      for (let length = 0; length < bytes.length; length += 16) {
        const rest = bytes.subarray(0, length);
        await expect(read(rest), `${length} bytes`).rejects.toThrow(PytorchFileError);
      }
      await expect(read(bytes.subarray(0, -1))).rejects.toThrow(PytorchFileError);
    },
  );

  test('a tensor is where its place says, and a view that skips elements has none', async () => {
    for (const [file, gathered] of [
      ['views.pt', 5],
      ['legacy-views.pt', 5],
      ['tied.pt', 0],
      ['legacy-tied.pt', 0],
    ] as const) {
      const bytes = fixture(file);
      const tensors = [...(await read(bytes)).values()];
      expect(tensors.filter(({ place }) => place === undefined)).toHaveLength(gathered);
      for (const { dtype, place, read: elements } of tensors) {
        if (!place) continue;
        const { offset, length } = place;
        expect(toFloat32(bytes.slice(offset, offset + length), dtype, file)).toEqual(await elements());
      }
    }
  });

  test('tied tensors are two names for one place', async () => {
    for (const file of ['tied.pt', 'legacy-tied.pt']) {
      const tensors = await read(fixture(file));
      const place = (name: string) => tensors.get(name)!.place;
      expect(place('cls.predictions.decoder.weight')).toEqual(
        place('bert.embeddings.word_embeddings.weight'),
      );
      expect(place('cls.predictions.bias')).not.toEqual(place('cls.predictions.decoder.weight'));
    }
  });

  test('one damaged byte is never another kind of error, a hang, or more elements', async () => {
    const bytes = fixture('views.pt');
    const largest = Math.max(...golden.files['views.pt']!.map((tensor) => tensor.values.length));
    let refused = 0;
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice();
      damaged[at] = damaged[at]! ^ 0x55;
      try {
        for (const tensor of await contents(await read(damaged))) {
          expect(tensor.values.length).toBeLessThanOrEqual(largest);
        }
      } catch (error) {
        if (!(error instanceof PytorchFileError)) throw new Error(`byte ${at}`, { cause: error });
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(500);
  });
});

describe('other objects than state dicts', () => {
  test('a nested checkpoint or a number is named, not skipped', async () => {
    const nested = storedZip({ 'a/data.pkl': pickleOf({ dict: { model: { dict: {} }, epoch: 3 } }) });
    await expect(read(nested)).rejects.toThrow(
      /expected names with tensors, got a dict under "model" — save the state dict alone/,
    );
    const model = { call: 'collections.OrderedDict', args: [] };
    await expect(
      read(storedZip({ 'a/data.pkl': pickleOf({ dict: { state_dict: model } }) })),
    ).rejects.toThrow(/got a dict under "state_dict"/);
    await expect(read(storedZip({ 'a/data.pkl': pickleOf([1]) }))).rejects.toThrow(
      /expected a state dict, got a tuple/,
    );
  });

  test('a checkpoint of a training is told from its state dict, by key', async () => {
    const inner = tensorPickle().slice(2, -1);
    const name = [0x8c, 5, ...new TextEncoder().encode('model')];
    const bytes = storedZip({
      'a/data.pkl': Uint8Array.of(0x80, 2, 0x7d, ...name, ...inner, 0x73, 0x2e),
      'a/data/0': new Uint8Array(16),
    });
    await expect(read(bytes)).rejects.toThrow(
      /got a dict under "model" — in Python: torch\.save\(torch\.load\(path, weights_only=True\)\["model"\], path\)/,
    );
  });

  test('a pickle of something else, and other bytes', async () => {
    await expect(read(pickleOf(1))).rejects.toThrow(/w\.pt: .*got a pickle of something else/);
    await expect(read(new Uint8Array(40))).rejects.toThrow(
      /w\.pt: expected a file of torch\.save, got other bytes/,
    );
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n';
    await expect(read(new TextEncoder().encode(pointer))).rejects.toThrow(
      /w\.pt: expected a file of torch\.save, got a Git LFS pointer — git lfs pull/,
    );
  });

  test('keys of Object.prototype are ordinary names', async () => {
    const state = { dict: JSON.parse('{"__proto__": 1}') as Record<string, unknown> };
    await expect(read(storedZip({ 'a/data.pkl': pickleOf(state) }))).rejects.toThrow(
      /got 1 under "__proto__"/,
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
