import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memorySource, openCheckpoint, safetensorsBytes, torchArchive } from '@rag/models';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { ColBERT } from './colbert.js';
import { type Files, tinyEncoderFiles, tinyLinear, writeFiles } from './testing/directories.js';
import { openDirectory } from './testing/open-fixture.js';
import { openTiny } from './testing/open-tiny.js';
import { tinyConfig, tinySettings, tinyTexts, tinyTokenizerFiles, tinyWeights } from './testing/tiny.js';
import { packVectors } from './token-vectors.js';

const root = mkdtempSync(join(tmpdir(), 'colbert-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const model = await openTiny();
const fromFiles = async (files: Files, options = {}) =>
  ColBERT.fromCheckpoint(await openCheckpoint(memorySource(await tinyEncoderFiles(files))), options);

describe('scores', () => {
  const texts = tinyTexts(12);

  test('whatever batches, windows, drivers and packing', async () => {
    const pairs = texts.flatMap((query, i) => texts.slice(i, i + 4).map((passage) => [query, passage]));
    const scores = await model.computeScore(pairs);
    const single = await model.computeScore(pairs, { batchSize: 1 });
    for (const [i, score] of scores.entries()) expect(single[i]).toBeCloseTo(score, 6);
    const ffi = await openTiny({}, { driver: 'ffi', threads: 1 });
    for (const [i, score] of (await ffi.computeScore(pairs)).entries())
      expect(score).toBeCloseTo(scores[i]!, 6);
    const [queries, passages] = [await model.encodeQueries(texts), await model.encodePassages(texts)];
    const all = await model.scoreVectors(queries, packVectors(passages));
    for (const [i, [query, passage]] of pairs.entries())
      expect(all[texts.indexOf(query!) * texts.length + texts.indexOf(passage!)]).toBeCloseTo(scores[i]!, 6);
    expect(await model.computeScore([])).toEqual([]);
  });

  test('a text against itself scores 1: the mean of its own best', async () => {
    for (const text of texts) expect(await model.computeScore([text, text])).toBeCloseTo(1, 5);
  });

  test('rerank: best first, equal scores in the given order, as many as asked for', async () => {
    const passages = ['the sun', 'a red dog ran', 'the sun', 'why is the moon bright'];
    const ranked = await model.rerank('why is the moon bright', passages);
    expect(ranked[0]).toMatchObject({ index: 3, text: 'why is the moon bright' });
    const suns = ranked.filter(({ text }) => text === 'the sun');
    expect(suns.map(({ index }) => index)).toEqual([0, 2]);
    expect(await model.rerank('why', passages, { topK: 2 })).toHaveLength(2);
    expect(await model.rerank('why', [], {})).toEqual([]);
  });

  test('compat: a zero vector of padding takes part, unless the passage fills its length', async () => {
    const compat = await openTiny({}, { compat: true });
    const [short] = await compat.encodePassages(['the cat']);
    const [full] = await compat.encodePassages(['the cat'], { maxLength: 4 });
    expect([short!.tokens, full!.tokens]).toEqual([4, 3]);
    expect(Array.from(short!.data.subarray(24))).toEqual(new Array(8).fill(0));
    const [plain] = await model.encodePassages(['the cat']);
    expect(full).toEqual(plain);
    // A query keeps the zero vectors of masked tokens: the original counts them in its length.
    const [query] = await compat.encodeQueries(['the [CLS] cat']);
    expect(query!.tokens).toBe(4);
    expect((await model.encodeQueries(['the [CLS] cat']))[0]!.tokens).toBe(3);
  });

  test('pooling keeps a fraction of the vectors, the first one where it counts', async () => {
    const text = 'the cat sat in the sun at night and the dog ran';
    const [all] = await model.encodePassages([text]);
    const [half] = await model.encodePassages([text], { poolFactor: 2 });
    expect([all!.tokens, half!.tokens]).toEqual([13, 6]);
    const [kept] = await model.encodePassages([text], { poolFactor: 2, protectedTokens: 3 });
    expect(kept!.tokens).toBe(3 + 5);
    expect(kept!.data.subarray(0, 24)).toEqual(all!.data.subarray(0, 24));
    const marked = await openTiny({ maskSpecialTokens: false });
    expect((await marked.encodePassages([text], { poolFactor: 2 }))[0]!.tokens).toBe(1 + 6);
    await expect(model.encodePassages([text], { poolFactor: 0 })).rejects.toThrow('poolFactor');
  });

  test('progress and abort', async () => {
    const onProgress = vi.fn();
    await model.encodePassages(texts, { batchSize: 5, onProgress });
    expect(onProgress.mock.calls.at(-1)).toEqual([12, 12]);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(model.rerank('a', texts, { signal })).rejects.toThrow('enough');
    await expect(model.encodeQueries(texts, { signal })).rejects.toThrow('enough');
  });
});

describe('what starts fresh', () => {
  test('a bare encoder needs a width, warns, and its projection is seeded', async () => {
    const directory = await writeFiles(join(root, 'bare'), await tinyEncoderFiles());
    await expect(openDirectory(directory)).rejects.toThrow('colbertDim: expected a width of at least 1');
    await expect(openDirectory(directory, { newHead: false, colbertDim: 8 })).rejects.toThrow(
      'checkpoint: expected a projection (colbert_linear.pt, a Dense folder or linear.weight), got none',
    );
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const fresh = await openDirectory(directory, { colbertDim: 5 });
    expect(warn).toHaveBeenCalledWith(
      expect.stringContaining('linear.weight, linear.bias start from random values'),
    );
    expect([fresh.dimension, fresh.initialized]).toEqual([5, ['linear.weight', 'linear.bias']]);
    const same = await openDirectory(directory, { colbertDim: 5, newHead: true });
    expect(warn).toHaveBeenCalledTimes(1);
    warn.mockRestore();
    expect(await same.readWeights()).toEqual(await fresh.readWeights());
    const other = await openDirectory(directory, { colbertDim: 5, newHead: true, seed: 1 });
    expect((await other.readWeights()).get('linear.weight')).not.toEqual(
      (await fresh.readWeights()).get('linear.weight'),
    );
  });

  test('a projection is checked against the width that is asked for, or replaced', async () => {
    const linear = { 'colbert_linear.pt': torchArchive(tinyLinear()) };
    await expect(fromFiles(linear, { colbertDim: 16 })).rejects.toThrow(
      "colbertDim: expected 8, the width of the checkpoint's projection, got 16",
    );
    const replaced = await fromFiles(linear, { colbertDim: 16, newHead: true });
    expect([replaced.dimension, replaced.initialized.length]).toEqual([16, 2]);
    const held = await fromFiles(linear, { freshDim: 16 });
    const fresh = await fromFiles({}, { freshDim: 16 });
    expect([held.dimension, fresh.dimension]).toEqual([8, 16]);
    for (const opened of [held, fresh]) opened.dispose();
    replaced.dispose();
    const kept = await fromFiles(linear, { newHead: true });
    expect(kept.dimension).toBe(8);
    kept.dispose();
  });

  test('the parts of a model, and a checkpoint in memory, are the same model', async () => {
    const opened = await fromFiles({ 'colbert_linear.safetensors': await safetensorsBytes(tinyLinear()) });
    expect(await opened.readWeights()).toEqual(tinyWeights());
    const again = await ColBERT.fromParts(await opened.readParts());
    expect(await again.readParts()).toEqual(await opened.readParts());
    again.dispose();
    expect(await opened.computeScore(['the cat', 'a dog'])).toBe(
      await model.computeScore(['the cat', 'a dog']),
    );
    opened.dispose();
  });
});

describe('errors say what was expected and what to do', () => {
  const wrong = (value: unknown) => value as never;

  test.each([
    [
      { maxLength: 65 },
      "query_length: expected a whole number of tokens from 4 to 64 (the model's positions), got 65",
    ],
    [{ maxLength: 3 }, 'query_length: expected a whole number of tokens from 4 to 64'],
    [{ batchSize: 0 }, 'expected limits of at least 1'],
  ])('encodeQueries %j', async (options, message) => {
    await expect(model.encodeQueries(['a'], options)).rejects.toThrow(message);
  });

  test('what is no text, no pair, no number of passages', async () => {
    await expect(model.encodeQueries(wrong('a'))).rejects.toThrow(
      'texts: expected an array of strings, got string',
    );
    await expect(model.encodePassages(wrong(['a', 1]))).rejects.toThrow('texts[1]: expected a string');
    await expect(model.computeScore(wrong(['a']))).rejects.toThrow('pair: expected [query, passage]');
    await expect(model.rerank(wrong(undefined), [])).rejects.toThrow(
      'query[0]: expected a string, got undefined',
    );
    await expect(model.rerank('a', wrong('b'))).rejects.toThrow('passages: expected an array');
    await expect(model.rerank('a', [], { topK: -1 })).rejects.toThrow(
      'topK: expected a whole number ≥ 0, got -1',
    );
    const [query] = await model.encodeQueries(['a']);
    await expect(model.scoreVectors([query!], [{ ...query!, dim: 4 }])).rejects.toThrow(
      'use vectors of one model',
    );
  });

  test('a passage of which nothing counts cannot be scored', async () => {
    const skipping = await openTiny({
      layout: 'pylate',
      skiplist_words: ['the', '[CLS]', '[SEP]'],
      maskSpecialTokens: false,
    });
    expect((await skipping.encodePassages(['the', 'cat'])).map(({ tokens }) => tokens)).toEqual([0, 1]);
    await expect(skipping.rerank('cat', ['cat', 'the'])).rejects.toThrow(
      'passages[1]: expected at least one vector, got 0',
    );
  });

  test('weights that give no numbers', async () => {
    const broken = await openTiny({}, {}, (name, data) => {
      if (name === 'linear.bias') data[0] = Number.NaN;
    });
    await expect(broken.computeScore(['a', 'b'])).rejects.toThrow(
      'vectors: expected finite numbers, got NaN for text 0',
    );
  });

  test('a model that was disposed, parts that do not fit, a tokenizer that is too large', async () => {
    const gone = await openTiny();
    gone.dispose();
    gone.dispose();
    await expect(gone.encodeQueries(['a'])).rejects.toThrow(/disposed/);
    const parts = {
      config: tinyConfig(),
      settings: tinySettings(),
      weights: tinyWeights(),
      tokenizerFiles: tinyTokenizerFiles,
    };
    await expect(ColBERT.fromParts({ ...parts, settings: tinySettings({}, 9) })).rejects.toThrow(
      '"linear.weight"',
    );
    await expect(
      ColBERT.fromParts({ ...parts, settings: tinySettings({ query_prefix: '[Q] ' }) }),
    ).rejects.toThrow('query_prefix: expected a token of the tokenizer');
    const config = tinyConfig({ vocab_size: 20 });
    await expect(ColBERT.fromParts({ ...parts, config, weights: tinyWeights(config) })).rejects.toThrow(
      'tokenizer: expected at most 20 tokens',
    );
  });
});
