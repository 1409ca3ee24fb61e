import { memorySource, openCheckpoint } from '@rag/models';
import { describe, expect, it } from 'vitest';
import { defaultSettings } from './embedding-settings.js';
import { Embedding } from './index.js';
import { openTiny } from './testing/open-tiny.js';
import { tinyConfig, tinyHead } from './testing/tiny.js';
import { tinyCheckpoint } from './testing/tiny-checkpoint.js';

const prompts = { query: 'query : ', passage: 'passage : ' };
const model = await openTiny({ settings: { ...defaultSettings, prompts } });

describe('errors say what was expected', () => {
  const wrong = (value: unknown) => value as never;

  it.each([
    [[3], 'texts[0]: expected a string, got number'],
    [['a', null], 'texts[1]: expected a string, got null'],
    [['a', undefined], 'texts[1]: expected a string, got undefined'],
  ])('encode(%j)', async (given, message) => {
    await expect(model.encode(wrong(given))).rejects.toThrow(TypeError);
    await expect(model.encode(wrong(given))).rejects.toThrow(message);
  });

  it.each([undefined, null, 7, {}])('encode(%j)', async (given) => {
    const found = model.encode(wrong(given)) as unknown as AsyncGenerator;
    await expect(found.next()).rejects.toThrow(/^texts: expected a string or a source of strings, got/);
  });

  it.each([
    [{ dim: 9 }, 'dim: expected a whole number from 1 to 8, got 9'],
    [{ promptName: 'x' }, 'promptName: expected one of the model\'s prompts (query, passage), got "x"'],
    [{ maxLength: 65 }, "maxLength: expected an integer from 3 to 64 (the model's positions), got 65"],
    [{ batchSize: 0 }, 'expected limits of at least 1, got 1024 and 0'],
    [{ maxTokens: Number.NaN }, 'expected limits of at least 1'],
  ])('options %j', async (options, message) => {
    await expect(model.encode('the cat', options)).rejects.toThrow(message);
    await expect(model.encode(new Set(['the cat']), options).next()).rejects.toThrow(message);
  });

  it('a vector that is not finite names its text', async () => {
    const broken = await Embedding.fromParts({
      ...(await model.readParts()),
      weights: new Map(
        [...(await model.readWeights())].map(([name, data]) => [
          name,
          name === '2_Dense.linear.bias' ? data.slice().fill(Number.NaN) : data,
        ]),
      ),
    });
    await expect(broken.encode(['the cat'])).rejects.toThrow(
      'vectors: expected finite numbers, got NaN for texts[0]',
    );
    broken.dispose();
  });

  it('a text of which the prompt leaves nothing to pool', async () => {
    const head = { ...tinyHead, includePrompt: false };
    const opened = await openTiny({
      head,
      settings: { ...defaultSettings, prompts: { long: 'the cat sat in the sun ' } },
    });
    const options = { promptName: 'long', maxLength: 7 };
    await expect(opened.encode(['moon'], options)).rejects.toThrow(
      "texts[0]: expected more tokens than the prompt's 7, which are not pooled, got 7",
    );
    expect(await opened.encode('moon', { ...options, maxLength: 8 })).toHaveLength(8);
  });

  it('a tokenizer of another model, missing and mis-shaped weights, a disposed model', async () => {
    await expect(openTiny({ config: tinyConfig({ vocab_size: 20 }) })).rejects.toThrow(
      /^tokenizer: expected at most 20 tokens \("vocab_size" of config\.json\), got \d+/,
    );
    await expect(openTiny({ weights: new Map() })).rejects.toThrow('got no such parameter');
    const parts = await tinyCheckpoint({
      nameOf: (name) => (name.endsWith('query.bias') ? undefined : name),
    });
    await expect(Embedding.fromCheckpoint(await openCheckpoint(memorySource(parts)))).rejects.toThrow(
      'encoder.layer.0.attention.self.query.bias: expected a tensor [16], got none',
    );
    const opened = await openTiny();
    opened.dispose();
    await expect(opened.encode('the cat')).rejects.toThrow(/dispose/);
  });
});
