import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encoderConfigToJson, memorySource, openCheckpoint } from '@rag/models';
import { wordPieceTokenizerJson } from '@rag/text';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { CrossEncoder, type Pair } from './index.js';
import { tinyConfig, tinyExamples, tinyTokenizerFiles } from './testing/tiny.js';
import { tinyCheckpoint, tinyParameters, writeFiles } from './testing/tiny-checkpoint.js';

const root = mkdtempSync(join(tmpdir(), 'cross-encoder-'));
const opened: CrossEncoder[] = [];
afterAll(() => {
  for (const model of opened) model.dispose();
  rmSync(root, { recursive: true, force: true });
});

/** A model in memory; `edit` changes its weights first. */
async function tiny(edit: (name: string, data: Float32Array) => void = () => {}, config = tinyConfig()) {
  const weights = new Map(tinyParameters(config).map(({ name, data }) => [name, data]));
  for (const [name, data] of weights) edit(name, data);
  const model = await CrossEncoder.fromParts({ config, tokenizerFiles: tinyTokenizerFiles, weights });
  opened.push(model);
  return model;
}
const model = await tiny();
const pairs: Pair[] = tinyExamples(23).map(({ query, content }) => [query, content]);
const close = (ours: readonly number[], theirs: readonly number[]) => {
  expect(ours).toHaveLength(theirs.length);
  for (const [i, score] of ours.entries()) expect(Math.abs(score - theirs[i]!)).toBeLessThan(1e-5);
};

describe('computeScore', () => {
  it('gives one number for one pair, a list for many, none for none', async () => {
    const scores = await model.computeScore(pairs);
    const one: number = await model.computeScore(pairs[4]!);
    close([one], [scores[4]!]);
    close(await model.computeScore([pairs[4]!]), [scores[4]!]);
    expect(await model.computeScore([])).toEqual([]);
  });

  it('gives the same scores in any batches, and the same bits for the same call', async () => {
    const scores = await model.computeScore(pairs);
    expect(new Set(scores).size).toBeGreaterThan(pairs.length / 2);
    for (const options of [{ batchSize: 1 }, { batchSize: 5 }, { maxTokens: 1 }, { maxTokens: 70 }])
      close(await model.computeScore(pairs, options), scores);
    const backwards = await model.computeScore(pairs.toReversed());
    close(backwards.toReversed(), scores);
    expect(await model.computeScore(pairs)).toEqual(scores);
  });

  it('normalize is the logistic function of the logit, never a softmax over one', async () => {
    const logits = await model.computeScore(pairs);
    const scores = await model.computeScore(pairs, { normalize: true });
    close(
      scores,
      logits.map((logit) => 1 / (1 + Math.exp(-logit))),
    );
    expect(scores.filter((score) => score === 1)).toEqual([]);
    expect(Math.max(...scores) - Math.min(...scores)).toBeGreaterThan(0.01);
    const extreme = await tiny((name, data) => name === 'classifier.bias' && data.fill(-1000));
    expect(await extreme.computeScore(pairs[0]!, { normalize: true })).toBe(0);
  });

  it('reports progress in pairs', async () => {
    const heard: number[] = [];
    await model.computeScore(pairs, { batchSize: 10, onProgress: (done, total) => heard.push(done, total) });
    expect(heard).toEqual([10, 23, 20, 23, 23, 23]);
  });

  it('cuts the passage at maxLength', async () => {
    const [query, head] = ['why is the moon', 'red cat'];
    const cut = await model.computeScore([query, `${head} ran blue dog`], { maxLength: 9 });
    close([cut], [await model.computeScore([query, head])]);
    expect(Math.abs(cut - (await model.computeScore([query, `${head} ran blue dog`])))).toBeGreaterThan(1e-4);
  });

  it('takes empty texts and surrounding space', async () => {
    const [empty, blank] = await model.computeScore([
      ['', ''],
      [' ', '\n'],
    ]);
    expect(empty).toBe(blank);
    close(
      [await model.computeScore([' the moon ', '\tred cat\n'])],
      [await model.computeScore(['the moon', 'red cat'])],
    );
  });

  it('two calls at once do not disturb each other', async () => {
    const [a, b] = await Promise.all([model.computeScore(pairs), model.computeScore(pairs.toReversed())]);
    close(b.toReversed(), a);
  });
});

describe('rerank', () => {
  const query = 'why is the sun bright';
  const passages = pairs.map(([, passage]) => passage);

  it('sorts by score, each with its place and text', async () => {
    const scores = await model.computeScore(passages.map((passage) => [query, passage]));
    const ranked = await model.rerank(query, passages);
    expect(ranked.map(({ index }) => index).toSorted((a, b) => a - b)).toEqual(passages.map((_, i) => i));
    for (const [i, { index, score, text }] of ranked.entries()) {
      expect(text).toBe(passages[index]);
      expect(score).toBe(scores[index]);
      if (i > 0) expect(score).toBeLessThanOrEqual(ranked[i - 1]!.score);
    }
    expect(await model.rerank(query, passages, { topK: 3 })).toEqual(ranked.slice(0, 3));
    expect(await model.rerank(query, passages, { topK: 0 })).toEqual([]);
    expect(await model.rerank(query, passages, { topK: 1000 })).toEqual(ranked);
    expect(await model.rerank(query, [])).toEqual([]);
    const normal = await model.rerank(query, passages, { normalize: true });
    expect(normal.map(({ index }) => index)).toEqual(ranked.map(({ index }) => index));
  });

  it('keeps the order of equal scores', async () => {
    const blind = await tiny((name, data) => name.startsWith('classifier') && data.fill(0));
    const ranked = await blind.rerank(query, passages, { batchSize: 4 });
    expect(ranked.map(({ index, score }) => [index, score])).toEqual(passages.map((_, i) => [i, 0]));
  });

  it('takes empty passages', async () => {
    const ranked = await model.rerank('', ['', 'cat', '']);
    expect(ranked.map(({ text }) => text).toSorted()).toEqual(['', '', 'cat']);
    expect(ranked.filter(({ text }) => text === '').map(({ index }) => index)).toEqual([0, 2]);
  });

  describe('of a long passage', () => {
    const filler = Array.from({ length: 40 }, (_, i) => ['dog', 'sat', 'in', 'night'][i % 4]).join(' ');
    const answer = 'the sun is bright in day';
    const options = { maxLength: 24, overlap: 8 } as const;

    it('max-slice finds what truncation does not see, at the end', async () => {
      const [end, none] = [`${filler} ${answer}`, `${filler} ${filler.slice(0, answer.length)}`];
      const score = async (text: string, longDocument: 'truncate' | 'max-slice') =>
        (await model.rerank(query, [text], { ...options, longDocument }))[0]!.score;
      close([await score(end, 'truncate')], [await score(none, 'truncate')]);
      expect(Math.abs((await score(end, 'max-slice')) - (await score(none, 'max-slice')))).toBeGreaterThan(
        1e-4,
      );
    });

    it('a slice’s score is that of the slice as a passage, and the best counts', async () => {
      const own = `${filler} ${answer}`;
      const words = own.split(' ');
      const width = 24 - 3 - query.split(' ').length;
      const slices: string[] = [];
      for (let start = 0; ; start += width - 8) {
        slices.push(words.slice(start, start + width).join(' '));
        if (start + width >= words.length) break;
      }
      const best = Math.max(...(await model.computeScore(slices.map((slice) => [query, slice]))));
      const heard: number[] = [];
      const [ranked, short] = await model.rerank(query, [own, 'cat'], {
        ...options,
        longDocument: 'max-slice',
        onProgress: (done, total) => heard.push(done, total),
      });
      const long = ranked!.index === 0 ? ranked! : short!;
      close([long.score], [best]);
      expect(long.text).toBe(own);
      expect(heard).toEqual([slices.length + 1, slices.length + 1]);
    });

    it('a passage that fits has one score either way', async () => {
      const cut = await model.rerank(query, ['red cat', 'blue dog'], options);
      expect(
        await model.rerank(query, ['red cat', 'blue dog'], { ...options, longDocument: 'max-slice' }),
      ).toEqual(cut);
    });

    it('the default overlap suits a model of few positions', async () => {
      const ranked = await model.rerank(query, [filler.repeat(5)], { longDocument: 'max-slice' });
      expect(Number.isFinite(ranked[0]!.score)).toBe(true);
    });
  });
});

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
    ['a', ['b'], { batchSize: 0 }, 'expected limits of at least 1, got 16384 and 0'],
  ])('rerank(%j, %j, %j)', async (query, passages, options, message) => {
    await expect(model.rerank(wrong(query), wrong(passages), wrong(options))).rejects.toThrow(message);
  });

  it('a model that was disposed', async () => {
    const gone = await tiny();
    gone.dispose();
    gone.dispose();
    await expect(gone.computeScore(pairs)).rejects.toThrow(/disposed/);
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
    await expect(CrossEncoder.fromPretrained(join(root, 'absent'))).rejects.toThrow('expected a directory');
  });
});

describe('a fresh head', () => {
  const bare = async (name: string) =>
    writeFiles(
      join(root, name),
      await tinyCheckpoint({
        json: { architectures: ['BertModel'] },
        nameOf: (name) => (name.startsWith('bert.') ? name.slice(5) : undefined),
      }),
    );

  it('is listed, warned of once, and a function of the seed', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const directory = await bare('bare');
    const models = await Promise.all(
      [{}, { seed: 42 }, { seed: 43 }].map((options) => CrossEncoder.fromPretrained(directory, options)),
    );
    expect(models[0]!.initialized).toEqual(['classifier.weight', 'classifier.bias']);
    expect(warn).toHaveBeenCalledTimes(3);
    expect(warn.mock.calls[0]![0]).toContain('classifier.weight, classifier.bias start from random values');
    const [a, b, c] = await Promise.all(models.map((model) => model.computeScore(pairs[0]!)));
    expect(a).toBe(b);
    expect(a).not.toBe(c);
    warn.mockClear();
    models.push(await CrossEncoder.fromPretrained(directory, { newHead: true }));
    expect(await models[3]!.computeScore(pairs[0]!)).toBe(a);
    expect(model.initialized).toEqual([]);
    expect(warn).not.toHaveBeenCalled();
    await expect(CrossEncoder.fromPretrained(directory, { newHead: false })).rejects.toThrow(
      'classifier.weight',
    );
    for (const model of models) model.dispose();
    warn.mockRestore();
  });

  it('is saved with the model, which then has one', async () => {
    const model = await CrossEncoder.fromPretrained(await bare('bare2'), { newHead: true });
    await model.savePretrained(join(root, 'headed'));
    const reloaded = await CrossEncoder.fromPretrained(join(root, 'headed'), { newHead: false });
    expect(reloaded.initialized).toEqual([]);
    expect(await reloaded.computeScore(pairs)).toEqual(await model.computeScore(pairs));
    for (const each of [model, reloaded]) each.dispose();
  });
});

describe('savePretrained', () => {
  it.each(['F32', 'F16', 'BF16'] as const)(
    'then fromPretrained gives the bits of a model of %s',
    async (dtype) => {
      const from = await writeFiles(
        join(root, `from-${dtype}`),
        await tinyCheckpoint({ dtype, json: { dtype: 'float16' } }),
      );
      const first = await CrossEncoder.fromPretrained(from);
      const scores = await first.computeScore(pairs);
      await first.savePretrained(join(root, `to-${dtype}`));
      const second = await CrossEncoder.fromPretrained(join(root, `to-${dtype}`));
      expect(await second.computeScore(pairs)).toEqual(scores);
      const config = JSON.parse(readFileSync(join(root, `to-${dtype}`, 'config.json'), 'utf8'));
      expect(config).toEqual({ ...encoderConfigToJson(tinyConfig()), dtype: 'float32' });
      for (const name of ['tokenizer.json', 'tokenizer_config.json'] as const)
        expect(readFileSync(join(root, `to-${dtype}`, name), 'utf8')).toBe(tinyTokenizerFiles[name]);
      for (const each of [first, second]) each.dispose();
    },
  );

  it('of a model in memory gives the bits of that model, over its own directory too', async () => {
    const scores = await model.computeScore(pairs);
    const directory = join(root, 'saved');
    await model.savePretrained(directory);
    const reloaded = await CrossEncoder.fromPretrained(directory);
    expect(await reloaded.computeScore(pairs)).toEqual(scores);
    // Windows does not replace a file that is mapped.
    if (process.platform !== 'win32') await reloaded.savePretrained(directory);
    expect(await reloaded.computeScore(pairs)).toEqual(scores);
    reloaded.dispose();
  });

  it('refuses a directory with other files', async () => {
    const directory = await writeFiles(join(root, 'mine'), { 'notes.txt': 'x' });
    await expect(model.savePretrained(directory)).rejects.toThrow('notes.txt');
    await model.savePretrained(directory, { overwrite: true });
    expect(readFileSync(join(directory, 'notes.txt'), 'utf8')).toBe('x');
  });
});

it.each(['bert', 'roberta', 'xlm-roberta'])('%s: driver ffi gives the scores of node', async (model_type) => {
  const config = tinyConfig({ model_type, type_vocab_size: model_type === 'bert' ? 2 : 1 });
  const directory = await writeFiles(join(root, model_type), await tinyCheckpoint({ config }));
  const [node, ffi] = await Promise.all([
    CrossEncoder.fromPretrained(directory, { driver: 'node', threads: 1 }),
    CrossEncoder.fromPretrained(directory, { driver: 'ffi', threads: 1 }),
  ]);
  const scores = await node.computeScore(pairs);
  expect(await ffi.computeScore(pairs)).toEqual(scores);
  ffi.dispose();
  await expect(ffi.computeScore(pairs)).rejects.toThrow(/disposed/);
  node.dispose();
});
