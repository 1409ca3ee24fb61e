import { describe, expect, it } from 'vitest';
import { defaultSettings } from './embedding-settings.js';
import { type EncodeOptions, resolveEncode } from './encode-options.js';
import { tinyConfig, tinyHead, tinyTokenizer } from './testing/tiny.js';

const settings = { ...defaultSettings, prompts: { query: 'query : ', none: '' } };
const model = {
  config: tinyConfig(),
  head: tinyHead,
  settings,
  tokenizer: tinyTokenizer(),
  provider: 'cpu',
} as const;
const resolve = (options: EncodeOptions = {}, changes: Partial<typeof model> = {}) =>
  resolveEncode({ ...model, ...changes }, options);

describe('prompt', () => {
  it.each([
    [{}, ''],
    [{ prompt: 'why ' }, 'why '],
    [{ promptName: 'query' }, 'query : '],
    [{ promptName: 'none' }, ''],
  ])('%j', (options, prompt) => {
    expect(resolve(options).prompt).toBe(prompt);
  });

  it('the default one stands where none is given; an empty one turns it off', () => {
    const changes = { settings: { ...settings, default_prompt_name: 'query' } };
    expect(resolve({}, changes).prompt).toBe('query : ');
    expect(resolve({ prompt: '' }, changes).prompt).toBe('');
    expect(resolve({ promptName: 'none' }, changes).prompt).toBe('');
  });

  it('its tokens are not pooled where the head says so', () => {
    expect(resolve({ promptName: 'query' }).limits.unpooled).toBeUndefined();
    const changes = { head: { ...tinyHead, includePrompt: false } };
    expect(resolve({ promptName: 'query' }, changes).limits.unpooled).toBe(3);
    expect(resolve({}, changes).limits.unpooled).toBe(0);
  });

  it.each([
    [
      { promptName: 'passage' },
      'promptName: expected one of the model\'s prompts (query, none), got "passage"',
    ],
    [{ promptName: 'constructor' }, 'got "constructor"'],
    [{ promptName: 'query', prompt: '' }, 'promptName: expected none beside prompt, got "query"'],
    [{ prompt: 3 as never }, 'prompt: expected a string, got number'],
  ])('%j is an error', (options, message) => {
    expect(() => resolve(options)).toThrow(message);
  });
});

describe('dim and normalize', () => {
  it.each([
    [{}, 8, false],
    [{ dim: 8 }, 8, false],
    [{ dim: 3 }, 3, true],
    [{ dim: 3, normalize: false }, 3, false],
    [{ normalize: true }, 8, false],
  ])('of a model that ends in Normalize: %j', (options, dim, normalize) => {
    expect(resolve(options)).toMatchObject({ dim, normalize });
  });

  it.each([
    [{}, 8, false],
    [{ dim: 3 }, 3, false],
    [{ dim: 3, normalize: true }, 3, true],
    [{ normalize: true }, 8, true],
  ])('of one that does not: %j', (options, dim, normalize) => {
    expect(resolve(options, { head: { ...tinyHead, normalize: false } })).toMatchObject({ dim, normalize });
  });

  it('truncate_dim is the default dim, and no more than there is', () => {
    const of = (truncate_dim: number) => resolve({}, { settings: { ...settings, truncate_dim } });
    expect(of(4)).toMatchObject({ dim: 4, normalize: true });
    expect(of(100)).toMatchObject({ dim: 8, normalize: false });
  });

  it.each([0, 9, 1.5, Number.NaN])('a dim of %d is an error', (dim) => {
    expect(() => resolve({ dim })).toThrow(`dim: expected a whole number from 1 to 8, got ${dim}`);
  });
});

describe('maxLength', () => {
  const tokens = (options: EncodeOptions, max_seq_length?: number) =>
    resolve(options, {
      settings: { ...settings, ...(max_seq_length !== undefined && { max_seq_length }) },
    }).encoder.maxLength;

  it("is the file's, the tokenizer's, or what the model has positions for", () => {
    expect(tokens({}, 12)).toBe(12);
    expect(tokens({}, 512)).toBe(64);
    expect(tokens({})).toBe(64);
    expect(tokens({ maxLength: 20 }, 12)).toBe(20);
  });

  it('more than the model has positions for is an error where it is asked for', () => {
    expect(() => tokens({ maxLength: 65 })).toThrow('maxLength: expected an integer from 3 to 64');
  });
});
