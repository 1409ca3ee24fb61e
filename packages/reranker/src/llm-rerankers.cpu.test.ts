import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';
import {
  LLMDecoder,
  type Pair,
  type PairTemplate,
  Reranker,
  type RerankerOptions,
  YesNoReranker,
} from './index.js';

/** What Python gives; see scripts/golden/llm-rerankers.py. By the number of tokens that pairs are cut to. */
interface Expected {
  readonly pairs: Pair[];
  readonly template?: Partial<PairTemplate>;
  readonly input_ids: Readonly<Record<string, number[][]>>;
  readonly scores: Readonly<Record<string, number[]>>;
}

const root = mkdtempSync(join(tmpdir(), 'llm-rerankers-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const directoryOf = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
const expectedOf = (name: string): Expected =>
  JSON.parse(readFileSync(join(directoryOf(name), 'expected.json'), 'utf8'));
const close = (scores: readonly number[], theirs: readonly number[]) =>
  expect(Math.max(...theirs.map((score, i) => Math.abs(score - scores[i]!)))).toBeLessThan(1e-5);

describe.each([
  ['qwen2-scalar', LLMDecoder],
  ['gemma-yes', YesNoReranker],
  ['qwen3-yes-no', YesNoReranker],
  ['qwen3-logit-score', YesNoReranker],
] as const)('%s', (name, kind) => {
  const expected = expectedOf(name);
  const options = expected.template && { template: expected.template };

  it("gives Python's scores, by its own tokens, at every length", async () => {
    const model = await kind.fromPretrained(directoryOf(name), options);
    try {
      expect(model.initialized).toEqual([]);
      for (const [length, theirs] of Object.entries(expected.scores)) {
        const maxLength = Number(length);
        close(await model.computeScore(expected.pairs, { maxLength }), theirs);
        // One after the other: packing and order change nothing.
        const single = [];
        for (const pair of expected.pairs) single.push(await model.computeScore(pair, { maxLength }));
        close(single, theirs);
      }
      const tokens = (await model.golden(expected.pairs)).map(({ input_ids }) => input_ids);
      expect(tokens).toEqual(Object.values(expected.input_ids).at(-1));
    } finally {
      model.dispose();
    }
  });

  it('is saved with how it asks, and opened by what its files state', async () => {
    const model = await kind.fromPretrained(directoryOf(name), options);
    const scores = await model.computeScore(expected.pairs);
    const saved = join(root, name);
    await model.savePretrained(saved, { golden: true });
    model.dispose();
    const again = await Reranker.fromPretrained(saved, { verify: true });
    expect(again).toBeInstanceOf(kind);
    expect(await again.computeScore(expected.pairs)).toEqual(scores);
    again.dispose();
  });
});

describe('a checkpoint without a template', () => {
  it('of a scalar head is read as RAG-Retrieval does, and says so', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const model = await LLMDecoder.fromPretrained(directoryOf('qwen2-scalar'));
    expect(warn.mock.calls.flat().join()).toContain(
      'expected reranker_config.json or the option template, got neither',
    );
    model.dispose();
    warn.mockRestore();
  });
});

describe('what is refused', () => {
  it('an answer of several tokens, and one that is none', async () => {
    const open = (true_token: string | number) =>
      YesNoReranker.fromPretrained(directoryOf('qwen3-yes-no'), { answer: { true_token } });
    await expect(open('yes and no')).rejects.toThrow('answer.true_token: expected one token of the model');
    await expect(open(100_000)).rejects.toThrow('got 100000, which is none of them — name another');
  });

  it('a template without its place, and an unknown option of it', async () => {
    const open = (template: object) => LLMDecoder.fromPretrained(directoryOf('qwen2-scalar'), { template });
    await expect(open({ query_format: 'query' })).rejects.toThrow(
      'template.query_format: expected a text with one {}',
    );
    await expect(open({ sep: '' })).rejects.toThrow('template.sep: expected one of before,');
  });

  it('what only decoders have of an encoder, and what only answers have of a scalar head', async () => {
    const open = (name: string, options: RerankerOptions) =>
      Reranker.fromPretrained(directoryOf(name), options);
    await expect(open('ms-marco', { template: { seq: '' } })).rejects.toThrow(
      'template.seq: expected a decoder, which reads a pair as one text, got an encoder',
    );
    await expect(open('ms-marco', { instruction: 'Find it' })).rejects.toThrow(
      'instruction: expected a language model that is asked for its answer, got an encoder — leave it out',
    );
    await expect(open('qwen2-scalar', { template: {}, cutoffLayer: 1 })).rejects.toThrow(
      'cutoffLayer: expected a language model that is asked for its answer, got one with a scalar head',
    );
    await expect(open('qwen3-logit-score', { instruction: 'Find it' })).rejects.toThrow(
      'instruction: expected a model that writes pairs as its family does, got one whose files state another',
    );
  });

  it('a decoder opened as an encoder, and an encoder as a decoder', async () => {
    const { CrossEncoder } = await import('./cross-encoder.js');
    await expect(CrossEncoder.fromPretrained(directoryOf('qwen2-scalar'))).rejects.toThrow(
      'expected an encoder for CrossEncoder, got "model_type" "qwen2" — open it with LLMDecoder or YesNoReranker',
    );
    await expect(LLMDecoder.fromPretrained(directoryOf('ms-marco'))).rejects.toThrow(
      'expected a decoder for LLMDecoder, got "model_type" "bert" — open it with CrossEncoder',
    );
    await expect(YesNoReranker.fromPretrained(directoryOf('ms-marco'))).rejects.toThrow(
      'expected a causal language model, got "model_type" "bert" — open it with CrossEncoder',
    );
  });
});

it('options are laid over what the files state, and a pair is as long as they say', async () => {
  const saved = join(root, 'stated');
  const opened = await YesNoReranker.fromPretrained(directoryOf('gemma-yes'));
  await opened.savePretrained(saved);
  opened.dispose();
  const file = join(saved, 'reranker_config.json');
  const stated = JSON.parse(readFileSync(file, 'utf8'));
  const begun = async (options: RerankerOptions, start: string, end: string) => {
    const model = await Reranker.fromPretrained(saved, options);
    const { maxLength, tokenizer, parts } = model;
    const { input_ids } = parts.encoder(maxLength).encode('sky', 'air '.repeat(300));
    const [first, last] = [tokenizer.encodePieces(start), tokenizer.encodePieces(end)];
    // Behind the BOS.
    expect(input_ids.slice(1, 1 + first.length)).toEqual(first);
    expect(input_ids.slice(-last.length)).toEqual(last);
    model.dispose();
    return [maxLength, input_ids.length];
  };
  const template = { ...stated.template, special_token: '\nWhy?' };
  writeFileSync(file, JSON.stringify({ ...stated, template, max_len: 40 }));
  expect(await begun({}, 'A: sky', '\nWhy?')).toEqual([40, 40]);
  const asked = { instruction: 'Is it?', template: { query_format: 'Q: {}' } };
  expect(await begun(asked, 'Q: sky', '\nIs it?')).toEqual([40, 40]);
});

it('a long passage is read in slices, each asked the same', async () => {
  const model = await Reranker.fromPretrained(directoryOf('qwen3-yes-no'));
  const passage = 'again and again. '.repeat(30);
  const [sliced] = await model.rerank('sky', [passage], { maxLength: 124, longDocument: 'max-slice' });
  const [cut] = await model.rerank('sky', [passage], { maxLength: 124 });
  expect(sliced!.score).toBeGreaterThanOrEqual(cut!.score);
  model.dispose();
});
