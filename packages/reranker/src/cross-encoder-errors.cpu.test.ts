import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memorySource, openCheckpoint } from '@rag/models';
import { wordPieceTokenizerJson } from '@rag/text';
import { afterAll, describe, expect, it } from 'vitest';
import { CrossEncoder } from './index.js';
import { openTiny } from './testing/open-tiny.js';
import { tinyCheckpoint, writeFiles } from './testing/tiny-checkpoint.js';

const root = mkdtempSync(join(tmpdir(), 'cross-encoder-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const model = await openTiny();

describe('errors say what was expected and what to do', () => {
  const wrong = (value: unknown) => value as never;

  it.each([
    [undefined, 'pairs: expected an array of [query, passage], got undefined'],
    ['ab', 'pairs: expected an array of [query, passage], got string'],
    [['only a query'], 'pair: expected [query, passage], got ["only a query"] — give two strings'],
    [['a', 'b', 'c'], 'pair: expected [query, passage], got ["a","b","c"]'],
    [['a', 7], 'pair: expected [query, passage], got ["a",7]'],
    [[['a', 'b'], ['a']], 'pairs[1]: expected [query, passage], got ["a"]'],
    [[['a', null]], 'pairs[0]: expected [query, passage], got ["a",null]'],
    [[{ query: 'a', passage: 'b' }], 'pairs[0]: expected [query, passage], got {'],
    [[undefined], 'pairs[0]: expected [query, passage], got undefined'],
  ])('computeScore(%j)', async (given, message) => {
    await expect(model.computeScore(wrong(given))).rejects.toThrow(TypeError);
    await expect(model.computeScore(wrong(given))).rejects.toThrow(message);
  });

  it.each([
    [undefined, ['a'], {}, 'query: expected a string, got undefined'],
    ['a', 'b', {}, 'passages: expected an array of strings, got string'],
    ['a', ['b', { text: 'c' }], {}, 'passages[1]: expected a string, got object'],
    ['a', ['b'], { topK: -1 }, 'topK: expected a whole number ≥ 0, got -1'],
    ['a', ['b'], { topK: 1.5 }, 'topK: expected a whole number ≥ 0, got 1.5'],
    [
      'a',
      ['b'],
      { longDocument: 'slices' },
      'longDocument: expected "truncate" or "max-slice", got "slices"',
    ],
    [
      'a',
      ['b'],
      { longDocument: 'max-slice', overlap: -1 },
      'overlap: expected a whole number of tokens ≥ 0',
    ],
    [
      'a',
      ['b'],
      { maxLength: 65 },
      "maxLength: expected an integer from 5 to 64 (the model's positions), got 65",
    ],
    ['a', ['b'], { maxLength: 4 }, 'maxLength: expected an integer from 5 to 64'],
    ['a', ['b'], { batchSize: 0 }, 'expected limits of at least 1, got 1024 and 0'],
  ])('rerank(%j, %j, %j)', async (query, passages, options, message) => {
    await expect(model.rerank(wrong(query), wrong(passages), wrong(options))).rejects.toThrow(message);
  });

  it('a model that was disposed', async () => {
    const gone = await openTiny();
    gone.dispose();
    gone.dispose();
    await expect(gone.computeScore(['a', 'b'])).rejects.toThrow(/disposed/);
  });

  it('a classifier of two labels', async () => {
    const directory = await writeFiles(
      join(root, 'two'),
      await tinyCheckpoint({ json: { id2label: { 0: 'a', 1: 'b' } } }),
    );
    await expect(CrossEncoder.fromPretrained(directory)).rejects.toThrow('expected a model of one label');
    const replaced = await CrossEncoder.fromPretrained(directory, { newHead: true });
    expect(replaced.initialized).toEqual(['classifier.weight', 'classifier.bias']);
    replaced.dispose();
  });

  it('a tokenizer with more tokens than the model', async () => {
    const json = wordPieceTokenizerJson(
      [...'[PAD] [UNK] [CLS] [SEP] [MASK]'.split(' '), ...Array.from({ length: 29 }, (_, i) => `w${i}`)],
      { lowercase: true },
    );
    const files = { ...(await tinyCheckpoint()), 'tokenizer.json': JSON.stringify(json) };
    await expect(CrossEncoder.fromCheckpoint(await openCheckpoint(memorySource(files)))).rejects.toThrow(
      'tokenizer: expected at most 33 tokens ("vocab_size" of config.json), got 34 — use the tokenizer that belongs to the model',
    );
  });

  it('a directory that is none', async () => {
    await expect(CrossEncoder.fromPretrained(join(root, 'absent'))).rejects.toThrow(
      'expected a model directory',
    );
  });
});
