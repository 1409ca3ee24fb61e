import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encoderConfigToJson } from '@rag/models';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { CrossEncoder, type Pair } from './index.js';
import { openTiny } from './testing/open-tiny.js';
import { tinyConfig, tinyExamples, tinyTokenizerFiles } from './testing/tiny.js';
import { tinyCheckpoint, writeFiles } from './testing/tiny-checkpoint.js';

const root = mkdtempSync(join(tmpdir(), 'cross-encoder-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const model = await openTiny();
const pairs: Pair[] = tinyExamples(23).map(({ query, content }) => [query, content]);

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
      const written = (name: string) => readFileSync(join(root, `to-${dtype}`, name), 'utf8');
      expect(written('tokenizer.json')).toBe(tinyTokenizerFiles['tokenizer.json']);
      // With the special tokens that other tools look for there.
      expect(JSON.parse(written('tokenizer_config.json'))).toMatchObject({
        ...JSON.parse(tinyTokenizerFiles['tokenizer_config.json']),
        pad_token: '[PAD]',
      });
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
