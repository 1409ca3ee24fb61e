import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TokenizerError } from '../errors.js';
import { openTokenizer } from '../open-tokenizer.js';
import { openTokenizerPool, type TokenizerPool } from './tokenizer-pool.js';
import { TokenizerWorkerError } from './worker-thread.js';

/** Milliseconds for threads to start in, with a loader for TypeScript each, on a machine that is busy. */
const STARTING = 120_000;

const vocab = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b', 'c', '##b', '中'].join('\n');
const files = { 'vocab.txt': vocab, 'tokenizer_config.json': '{"model_max_length": 8}' };
/** Of all lengths, so that parts end at different times. */
const texts = Array.from({ length: 300 }, (_, i) => 'a ab 中c '.repeat((i * 7919) % 200));

describe.each([0, 1, 2])('%i workers', (workers) => {
  let pool: TokenizerPool;
  beforeAll(async () => {
    pool = await openTokenizerPool(files, { workers });
  }, STARTING);
  afterAll(() => pool.dispose());

  it('gives what the tokenizer gives, in order', async () => {
    expect(pool.workers).toBe(workers);
    const tokenizer = openTokenizer(files);
    const spelt = (all: readonly { [key in 'input_ids' | 'token_type_ids']: { join(): string } }[]) =>
      all.map(({ input_ids, token_type_ids }) => `${input_ids.join()} ${token_type_ids.join()}`);
    for (const options of [{}, { maxLength: 8 }, { addSpecialTokens: false }]) {
      const expected = texts.map((text) => tokenizer.encode(text, options));
      // Two calls at once share the workers.
      const [found, again] = await Promise.all([pool.encode(texts, options), pool.encode(texts, options)]);
      expect(spelt(found)).toEqual(spelt(expected));
      expect(spelt(again)).toEqual(spelt(expected));
      expect(found.map(({ truncated }) => truncated)).toEqual(expected.map(({ truncated }) => truncated));
    }
    expect(await pool.encode([])).toEqual([]);
  });

  it('throws what the tokenizer throws, and goes on', async () => {
    const error = await pool.encode(['a'], { maxLength: 2 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TokenizerError);
    expect(error).toMatchObject({
      where: 'maxLength',
      got: '2',
      message: expect.stringContaining('maxLength: expected an integer of at least 3') as unknown,
    });
    await expect(pool.encode([5 as unknown as string])).rejects.toThrow('encode: expected a string');
    expect(await pool.encode(['a'])).toHaveLength(1);
  });

  it('stops by a signal with its reason', async () => {
    const reason = new Error('enough');
    await expect(pool.encode(texts, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const control = new AbortController();
    const encoding = pool.encode(texts, { signal: control.signal });
    control.abort(reason);
    await expect(encoding).rejects.toBe(reason);
    expect(await pool.encode(['a', 'b'])).toHaveLength(2);
  });

  it('rejects after dispose, and what dispose cut short', async () => {
    const cut = workers > 0 ? [pool.encode(texts).catch((error: unknown) => error)] : [];
    await pool.dispose();
    await pool.dispose();
    for (const error of await Promise.all(cut)) expect(error).toBeInstanceOf(TokenizerWorkerError);
    await expect(pool.encode(['a'])).rejects.toThrow('expected an open one, got one after dispose()');
  });
});

it.each([-1, 1.5, 257, Number.NaN])('refuses %d workers', async (workers) => {
  await expect(openTokenizerPool(files, { workers })).rejects.toThrow(
    'workers: expected an integer from 0 to 256',
  );
});

it.each([0, 2])(
  '%i workers refuse files as the tokenizer does',
  async (workers) => {
    const refused = openTokenizerPool({ 'tokenizer.json': '{' }, { workers });
    await expect(refused).rejects.toThrow(SyntaxError);
    await expect(refused).rejects.toThrow('tokenizer.json: expected JSON');
    const error = await openTokenizerPool({}, { workers: workers / 2 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TokenizerError);
    expect(String(error)).toContain('expected tokenizer.json or vocab.txt, got neither');
  },
  STARTING,
);
