import { readFileSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memorySource, openCheckpoint, readSafetensorsHeader } from '@rag/models';
import { directorySource } from '@rag/models/node';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { defaultSettings } from './embedding-settings.js';
import { WINDOW } from './encode-stream.js';
import { Embedding } from './index.js';
import { largestDifference } from './testing/largest-difference.js';
import { openTiny } from './testing/open-tiny.js';
import { tinyHead, tinyTexts } from './testing/tiny.js';
import { tinyCheckpoint, writeFiles } from './testing/tiny-checkpoint.js';

const root = await mkdtemp(join(tmpdir(), 'embedding-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const fresh = () => join(root, String(folders++));

const prompts = { query: 'query : ', passage: 'passage : ' };
const model = await openTiny({ settings: { ...defaultSettings, prompts } });
const texts = tinyTexts(30);

describe('encode', () => {
  it('a text gives a vector, a list as many in its order', async () => {
    const vectors = await model.encode(texts);
    expect(vectors).toHaveLength(30);
    expect(vectors.every((vector) => vector instanceof Float32Array && vector.length === 8)).toBe(true);
    expect(largestDifference([await model.encode(texts[3]!)], [vectors[3]!])).toBeLessThan(1e-6);
    expect(largestDifference([vectors[3]!], [vectors[4]!])).toBeGreaterThan(1e-3);
    expect(await model.encode([])).toEqual([]);
    for (const vector of vectors) expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
  });

  it('does not depend on the batches', async () => {
    const vectors = await model.encode(texts);
    for (const options of [{ batchSize: 1 }, { batchSize: 7 }, { maxTokens: 40 }, { maxTokens: 1 }])
      expect(largestDifference(await model.encode(texts, options), vectors)).toBeLessThan(1e-6);
    const reversed = await model.encode(texts.toReversed());
    expect(largestDifference(reversed.toReversed(), vectors)).toBeLessThan(1e-6);
  });

  it('a source of texts is read a window at a time and may never end', async () => {
    let read = 0;
    function* endless() {
      for (;;) yield texts[read++ % texts.length]!;
    }
    const vectors: Float32Array[] = [];
    for await (const vector of model.encode(endless(), { batchSize: 256 })) {
      vectors.push(vector);
      if (vectors.length === WINDOW + 5) break;
    }
    expect(read).toBe(2 * WINDOW);
    const expected = await model.encode(texts);
    const repeated = vectors.map((_, i) => expected[i % texts.length]!);
    expect(largestDifference(vectors, repeated)).toBeLessThan(1e-6);
  });

  it('an asynchronous source too, and a generator that stops closes it', async () => {
    let closed = false;
    async function* source() {
      try {
        yield* texts;
      } finally {
        closed = true;
      }
    }
    const vectors: Float32Array[] = [];
    for await (const vector of model.encode(source())) vectors.push(vector);
    expect(vectors).toEqual(await model.encode(texts));
    expect(closed).toBe(true);
  });

  it('progress counts texts; a list says how many there are', async () => {
    const seen: unknown[] = [];
    await model.encode(texts, { batchSize: 20, onProgress: (done, total) => seen.push([done, total]) });
    expect(seen).toEqual([
      [20, 30],
      [30, 30],
    ]);
    const counts: unknown[] = [];
    const source = model.encode(texts.values(), { onProgress: (...given) => counts.push(given) });
    for await (const _ of source);
    expect(counts).toEqual([[30]]);
  });

  it('a signal stops between batches with its reason', async () => {
    const controller = new AbortController();
    const batches: number[] = [];
    const running = model.encode(texts, {
      batchSize: 10,
      signal: controller.signal,
      onProgress(done) {
        batches.push(done);
        controller.abort(new Error('enough'));
      },
    });
    await expect(running).rejects.toThrow('enough');
    expect(batches).toEqual([10]);
  });

  it('keeps the first elements, normalised again', async () => {
    const whole = await model.encode(texts);
    const short = await model.encode(texts, { dim: 3 });
    for (const [i, vector] of short.entries()) {
      const norm = Math.hypot(...whole[i]!.slice(0, 3));
      expect(largestDifference([vector], [whole[i]!.slice(0, 3).map((x) => x / norm)])).toBeLessThan(1e-6);
    }
    const cut = await model.encode(texts, { dim: 3, normalize: false });
    expect(cut).toEqual(whole.map((vector) => vector.slice(0, 3)));
  });

  it('prompts: by text, by name, of queries and of passages', async () => {
    const [text] = texts as [string];
    const named = await model.encode(text, { promptName: 'query' });
    expect(await model.encode(text, { prompt: 'query : ' })).toEqual(named);
    expect(await model.encode(`query : ${text}`)).toEqual(named);
    expect(await model.encodeQueries(text)).toEqual(named);
    expect(await model.encodeQueries(text, { prompt: '' })).toEqual(await model.encode(text));
    expect(await model.encodePassages([text])).toEqual(await model.encode([text], { promptName: 'passage' }));
    expect(await model.encodePassages(text, { promptName: 'query' })).toEqual(named);
    const plain = await openTiny();
    expect(await plain.encodeQueries(text)).toEqual(await plain.encode(text));
  });
});

describe('opening', () => {
  const open = (directory: string) => Embedding.fromPretrained(directory);
  const encodeOnce = async (directory: string) => {
    const opened = await open(directory);
    const vectors = await opened.encode(texts);
    opened.dispose();
    return vectors;
  };
  const bare = { head: null } as const;

  it('a directory, its files in memory, and its parts give the same vectors', async () => {
    const files = await tinyCheckpoint();
    const vectors = await encodeOnce(await writeFiles(fresh(), files));
    const inMemory = await Embedding.fromCheckpoint(await openCheckpoint(memorySource(files)));
    expect(await inMemory.encode(texts)).toEqual(vectors);
    const ofParts = await Embedding.fromParts(await inMemory.readParts());
    expect(await ofParts.encode(texts)).toEqual(vectors);
    expect(ofParts.dimension).toBe(8);
    expect([...(await inMemory.readWeights()).keys()]).toContain('2_Dense.linear.weight');
    for (const opened of [inMemory, ofParts]) opened.dispose();
  });

  it("a task model's checkpoint is its encoder", async () => {
    const plain = await encodeOnce(await writeFiles(fresh(), await tinyCheckpoint()));
    const tensors = [{ name: 'classifier.weight', shape: [1, 16], data: new Float32Array(16) }];
    const named = await tinyCheckpoint({ nameOf: (name) => `bert.${name}`, tensors });
    expect(await encodeOnce(await writeFiles(fresh(), named))).toEqual(plain);
  });

  it.each(['F16', 'BF16'] as const)('%s weights, saved as float32 with the same vectors', async (dtype) => {
    const directory = await writeFiles(
      fresh(),
      await tinyCheckpoint({ dtype, json: { torch_dtype: 'float16' } }),
    );
    const opened = await open(directory);
    const vectors = await opened.encode(texts);
    const copy = fresh();
    await opened.savePretrained(copy);
    opened.dispose();
    expect(await encodeOnce(copy)).toEqual(vectors);
    expect(JSON.parse(readFileSync(join(copy, 'config.json'), 'utf8')).torch_dtype).toBe('float32');
    const plain = await encodeOnce(await writeFiles(fresh(), await tinyCheckpoint()));
    expect(largestDifference(vectors, plain)).toBeLessThan(0.05);
  });

  it('a bare checkpoint says on the console how its vectors are made, unless told', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const directory = await writeFiles(fresh(), await tinyCheckpoint(bare));
    const mean = await encodeOnce(directory);
    expect(warn.mock.calls).toEqual([
      [expect.stringContaining('expected modules.json, got a bare encoder, so its vectors are the mean')],
    ]);
    warn.mockClear();
    const cls = await Embedding.fromPretrained(directory, { pooling: 'cls' });
    expect(cls.head.pooling).toEqual(['cls']);
    expect(largestDifference(await cls.encode(texts), mean)).toBeGreaterThan(0.1);
    const both = await Embedding.fromPretrained(directory, { pooling: ['mean', 'cls'] });
    expect(both.dimension).toBe(32);
    const [first] = await both.encode(texts);
    expect(largestDifference([first!.slice(0, 16)], [mean[0]!])).toBeLessThan(1e-6);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
    for (const opened of [cls, both]) opened.dispose();
  });

  it('the ffi driver computes the same', async () => {
    const directory = await writeFiles(fresh(), await tinyCheckpoint());
    const opened = await Embedding.fromPretrained(directory, { driver: 'ffi', threads: 1 });
    expect(largestDifference(await opened.encode(texts), await encodeOnce(directory))).toBeLessThan(1e-6);
    opened.dispose();
  });
});

describe('saving', () => {
  const pooler = new Map([
    ['pooler.dense.weight', new Float32Array(256).fill(0.5)],
    ['pooler.dense.bias', new Float32Array(16).fill(2)],
  ]);

  it('carries the pooler from file to file, and into parts', async () => {
    const opened = await openTiny({ pooler });
    const [first, second] = [fresh(), fresh()];
    await opened.savePretrained(first);
    const again = await Embedding.fromPretrained(first);
    await again.savePretrained(second);
    expect((await again.readParts()).pooler).toEqual(pooler);
    again.dispose();
    const { tensors } = await readSafetensorsHeader(await directorySource(second), 'model.safetensors');
    expect([...tensors.keys()]).toEqual(
      expect.arrayContaining([...pooler.keys(), 'embeddings.LayerNorm.bias']),
    );
    expect(tensors.has('2_Dense.linear.weight')).toBe(false);
    await expect(openTiny({ pooler: new Map([...pooler].slice(1)) })).rejects.toThrow(
      '"pooler.dense.weight"',
    );
  });

  it('over itself, and over an earlier model with other modules; other files are refused', async () => {
    const directory = fresh();
    await model.savePretrained(directory);
    const opened = await Embedding.fromPretrained(directory);
    const vectors = await opened.encode(texts);
    await opened.savePretrained(directory);
    expect(await opened.encode(texts)).toEqual(vectors);
    opened.dispose();
    const other = await openTiny({ head: { ...tinyHead, dense: [], pooling: ['max'] } });
    await other.savePretrained(directory);
    expect((await readdir(directory)).sort()).toEqual([
      '1_Pooling',
      '2_Normalize',
      'README.md',
      'config.json',
      'config_sentence_transformers.json',
      'model.safetensors',
      'modules.json',
      'sentence_bert_config.json',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    await writeFile(join(directory, 'thesis.tex'), '');
    await expect(other.savePretrained(directory)).rejects.toThrow('holds thesis.tex');
    await other.savePretrained(directory, { overwrite: true });
  });
});
