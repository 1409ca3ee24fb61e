import { type Session, Tensor } from '@rag/runtime';
import { packSequences } from '@rag/text';
import { expect, it } from 'vitest';
import { encodeStream, poolingMask, WINDOW } from './encode-stream.js';

/** A session that gives, for each text, its number of tokens. */
function lengthsSession() {
  const batches: number[] = [];
  const names = new Set<string>();
  const session = {
    async run(feeds: Readonly<Record<string, Tensor>>) {
      for (const name of Object.keys(feeds)) names.add(name);
      const { shape, data } = feeds.attention_mask!;
      const [batch, seq] = shape as [number, number];
      batches.push(batch);
      const lengths = Float32Array.from({ length: batch }, (_, row) =>
        (data as Float32Array).slice(row * seq, (row + 1) * seq).reduce((a, b) => a + b),
      );
      return { vectors: new Tensor('float32', [batch, 1], lengths) };
    },
  };
  return { session: session as unknown as Session, batches, names };
}
const encode = (text: string) => ({
  input_ids: Array.from(text, () => 1),
  token_type_ids: Array.from(text, () => 0),
});
const options = { padId: 0, batchSize: 64, maxTokens: 4096 };
const collect = async (texts: Iterable<string>, changes = {}) => {
  const made = lengthsSession();
  const found: number[] = [];
  for await (const [length] of encodeStream(made.session, texts, encode, { ...options, ...changes }))
    found.push(length!);
  return { found, ...made };
};

it('gives vectors in the order of the texts, over the borders of windows', async () => {
  const lengths = Array.from({ length: WINDOW + 3 }, (_, i) => 1 + ((i * 7) % 11));
  const done: number[] = [];
  const { found, batches } = await collect(
    lengths.map((length) => 'x'.repeat(length)),
    { onProgress: (count: number) => done.push(count) },
  );
  expect(found).toEqual(lengths);
  expect(batches.reduce((a, b) => a + b)).toBe(WINDOW + 3);
  expect(done.at(-1)).toBe(WINDOW + 3);
  expect(done).toEqual([...done].sort((a, b) => a - b));
  expect(Math.max(...batches)).toBe(64);
  expect((await collect([])).batches).toEqual([]);
});

it('feeds a mask of what is pooled only where something is not', async () => {
  expect((await collect(['xxx'])).names).not.toContain('pooling_mask');
  expect((await collect(['xxx'], { unpooled: 0 })).names).toContain('pooling_mask');
  const packed = packSequences([encode('xxxx'), encode('xx')], { padId: 0, mode: 'packed' });
  const rows = Array.from({ length: 2 }, (_, b) =>
    [...poolingMask(packed, 1)].slice(b * packed.seq, b * packed.seq + 5),
  );
  expect(rows).toEqual([
    [0, 1, 1, 1, 0],
    [0, 1, 0, 0, 0],
  ]);
});

it('names the text that is none, counted over windows', async () => {
  const texts = [...Array.from({ length: WINDOW }, () => 'x'), 7 as never];
  await expect(collect(texts)).rejects.toThrow(`texts[${WINDOW}]: expected a string, got number`);
  const short = [...Array.from({ length: WINDOW }, () => 'xxx'), 'x'];
  await expect(collect(short, { unpooled: 2 })).rejects.toThrow(
    `texts[${WINDOW}]: expected more tokens than the prompt's 2, which are not pooled, got 1`,
  );
});
