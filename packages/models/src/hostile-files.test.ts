import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openCheckpoint } from './checkpoint.js';
import { labelCount, longestSequence, parseEncoderConfig } from './config.js';
import { type FileSource, FileSourceError, memorySource, readJsonObject } from './file-source.js';
import { ConfigError } from './index.js';
import { readPytorchFile } from './pytorch-file.js';
import { PytorchFileError } from './pytorch-file-error.js';
import { readSafetensorsHeader, readTensor, SafetensorsError } from './safetensors.js';
import { safetensorsBytes } from './safetensors-write.js';
import { type CampaignReport, campaign } from './testing/campaign.js';
import { mutateBytes } from './testing/mutate-bytes.js';
import { mutateJson } from './testing/mutate-json.js';
import { storedZip } from './testing/pytorch-archive.js';
import { pick, type Random } from './testing/random.js';

const SEED = 20261121;
/** A long campaign takes minutes. */
const TIMEOUT = 3_600_000;
const errors = [FileSourceError, SafetensorsError, PytorchFileError, ConfigError];
const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`./fixtures/${name}`, import.meta.url)));
const text = (name: string) => new TextDecoder().decode(fixture(name));

/** Both outcomes occur, for many reasons: else the damage was of one kind only. */
function expectVaried({ read, refused, reasons }: CampaignReport, kinds: number): void {
  expect(read).toBeGreaterThan(0);
  expect(refused).toBeGreaterThan(100);
  expect(reasons.size).toBeGreaterThan(kinds);
}

async function readTensors(source: FileSource, file: string): Promise<void> {
  const { tensors } = await readSafetensorsHeader(source, file);
  for (const entry of tensors.values()) await readTensor(source, entry);
}

async function readPytorch(source: FileSource, file: string): Promise<void> {
  for (const tensor of (await readPytorchFile(source, file)).values()) await tensor.read();
}

const TENSORS = await safetensorsBytes([
  { name: 'a', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  { name: 'empty', shape: [0, 4], data: new Float32Array(0) },
  { name: 'b', shape: [4], data: Float32Array.of(1, 2, 3, 4) },
  { name: 'scalar', shape: [], data: Float32Array.of(1) },
]);

/** Damaged anywhere, or with a sound length before a damaged header. */
function damagedSafetensors(random: Random): Uint8Array {
  if (random(2) === 0) return mutateBytes(TENSORS, random);
  const length = Number(new DataView(TENSORS.buffer, TENSORS.byteOffset).getBigUint64(0, true));
  const json = new TextDecoder().decode(TENSORS.subarray(8, 8 + length));
  const header = new TextEncoder().encode(mutateJson(json, random));
  const out = new Uint8Array(8 + header.length + TENSORS.length - 8 - length);
  new DataView(out.buffer).setBigUint64(0, BigInt(header.length), true);
  out.set(header, 8);
  out.set(TENSORS.subarray(8 + length), 8 + header.length);
  return out;
}

test('safetensors', { timeout: TIMEOUT }, async () => {
  const report = await campaign({
    format: 'safetensors',
    seed: SEED,
    mutant: damagedSafetensors,
    open: (bytes) => readTensors(memorySource({ f: bytes }), 'f'),
    errors,
  });
  expectVaried(report, 15);
});

const CHECKPOINT = {
  'config.json': text('bert/config.json'),
  's1.bin': fixture('pytorch/views.pt'),
  's2.bin': fixture('pytorch/legacy.pt'),
};
const INDEX = JSON.stringify({
  metadata: { total_size: 1 },
  weight_map: {
    ...Object.fromEntries(
      ['transposed', 'rows', 'columns', 'every other', 'permuted', 'scalar', 'empty', 'half, transposed'].map(
        (name) => [name, 's1.bin'],
      ),
    ),
    weight: 's2.bin',
    bias: 's2.bin',
  },
});

test('a shard index', { timeout: TIMEOUT }, async () => {
  const report = await campaign({
    format: 'shard index',
    seed: SEED,
    mutant: (random) => mutateJson(INDEX, random),
    open: async (index) => {
      const source = memorySource({ ...CHECKPOINT, 'pytorch_model.bin.index.json': index });
      const { tensors } = await openCheckpoint(source);
      for (const name of tensors.names) await tensors.read(name);
    },
    errors,
  });
  expectVaried(report, 8);
});

test.each([
  ['zip', ['views.pt', 'dtypes.pt', 'tied.pt', 'pytorch_model.bin']],
  ['legacy torch', ['legacy-views.pt', 'legacy-dtypes.pt', 'legacy-tied.pt', 'legacy.pt']],
])('%s', { timeout: TIMEOUT }, async (format, names) => {
  const files = names.map((name) => fixture(`pytorch/${name}`));
  const report = await campaign({
    format,
    seed: SEED,
    mutant: (random) => mutateBytes(pick(random, files), random),
    open: (bytes) => readPytorch(memorySource({ f: bytes }), 'f'),
    errors,
  });
  expectVaried(report, 15);
});

test('a pickle in a sound archive', { timeout: TIMEOUT }, async () => {
  const archives = ['views.pt', 'dtypes.pt', 'tied.pt'].map((name) => {
    const entries = unzip(fixture(`pytorch/${name}`));
    const pickle = Object.keys(entries).find((entry) => entry.endsWith('data.pkl'))!;
    return { entries, pickle };
  });
  const report = await campaign({
    format: 'pickle',
    seed: SEED,
    mutant: (random) => {
      const { entries, pickle } = pick(random, archives);
      return storedZip({ ...entries, [pickle]: mutateBytes(entries[pickle]!, random) });
    },
    open: (bytes) => readPytorch(memorySource({ f: bytes }), 'f'),
    errors,
  });
  expectVaried(report, 15);
});

/** The stored entries of a sound archive, by their local headers. */
function unzip(bytes: Uint8Array): Record<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: Record<string, Uint8Array> = {};
  const directory = view.getUint32(bytes.length - 6, true);
  for (let at = directory; view.getUint32(at, true) === 0x02014b50; ) {
    const nameLength = view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const local = view.getUint32(at + 42, true);
    const begin = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    entries[name] = bytes.slice(begin, begin + view.getUint32(at + 24, true));
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

test('config.json', { timeout: TIMEOUT }, async () => {
  const configs = ['bert', 'xlm-roberta'].map((name) => text(`${name}/config.json`));
  const report = await campaign({
    format: 'config.json',
    seed: SEED,
    mutant: (random) => mutateJson(pick(random, configs), random),
    open: async (json) => {
      const config = parseEncoderConfig(await readJsonObject(memorySource({ f: json }), 'f'));
      labelCount(config);
      longestSequence(config);
    },
    errors,
  });
  expectVaried(report, 15);
});
