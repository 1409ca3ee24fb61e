import { chooseProvider } from '@rag/runtime';
import { describe, expect, it } from 'vitest';
import { CrossEncoder, type Pair } from './index.js';
import { openTiny } from './testing/open-tiny.js';
import { tinyConfig, tinyExamples, tinyTokenizerFiles } from './testing/tiny.js';
import { tinyParameters } from './testing/tiny-checkpoint.js';

const model = await openTiny();
const pairs: Pair[] = tinyExamples(23).map(({ query, content }) => [query, content]);
const close = (ours: readonly number[], theirs: readonly number[]) => {
  expect(ours).toHaveLength(theirs.length);
  for (const [i, score] of ours.entries()) expect(Math.abs(score - theirs[i]!)).toBeLessThan(1e-5);
};

describe('provider', () => {
  it("says where the model runs, also where 'auto' chose", async () => {
    expect(model.provider).toBe('cpu');
    const config = tinyConfig();
    const weights = new Map(tinyParameters(config).map(({ name, data }) => [name, data]));
    const parts = { config, tokenizerFiles: tinyTokenizerFiles, weights };
    const best = await chooseProvider('auto');
    // What is installed without a GPU says so when it is opened.
    if (best === 'cuda') return;
    const chosen = await CrossEncoder.fromParts(parts, { provider: 'auto' });
    expect(chosen.provider).toBe(best);
    close(await chosen.computeScore(pairs), await model.computeScore(pairs));
    chosen.dispose();
  });
});

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
    const extreme = await openTiny((name, data) => name === 'classifier.bias' && data.fill(-1000));
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

  it('scores sequences that its encoder made', async () => {
    const encoder = model.parts.encoder(12);
    const sequences = pairs.map(([query, passage]) => encoder.encode(query!, passage!));
    const scores = await model.computeScore(pairs, { maxLength: 12, normalize: true });
    expect(await model.scoreTokens(sequences, { normalize: true })).toEqual(scores);
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
    const blind = await openTiny((name, data) => name.startsWith('classifier') && data.fill(0));
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
