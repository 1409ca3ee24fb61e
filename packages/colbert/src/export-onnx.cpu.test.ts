import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSession, Tensor } from '@rag/runtime';
import { afterAll, describe, expect, it } from 'vitest';
import { openTiny } from './testing/open-tiny.js';
import { tinyTexts } from './testing/tiny.js';
import { type TokenSequence, textEncoder } from './text-encoder.js';

const root = mkdtempSync(join(tmpdir(), 'export-onnx-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Runs an exported file on a padded batch, as any tool does. */
async function run(path: string, rows: readonly TokenSequence[]) {
  const session = await createSession(path, { provider: 'cpu' });
  const seq = Math.max(...rows.map(({ input_ids }) => input_ids.length));
  const padded = (of: (row: TokenSequence) => readonly number[]) =>
    new Tensor(
      'int64',
      [rows.length, seq],
      BigInt64Array.from(
        rows.flatMap((row) => Array.from({ length: seq }, (_, i) => of(row)[i] ?? 0)),
        BigInt,
      ),
    );
  const feeds: Record<string, Tensor> = {
    input_ids: padded(({ input_ids }) => input_ids),
    attention_mask: padded(({ attention }) => attention),
    token_type_ids: padded(({ token_type_ids }) => token_type_ids),
  };
  try {
    const named = session.inputs.map(({ name }) => [name, feeds[name]!] as const);
    return { seq, outputs: await session.run(Object.fromEntries(named)) };
  } finally {
    session.dispose();
  }
}

const texts = tinyTexts(6);

describe('exportOnnx', () => {
  it.each([
    ['RAG-Retrieval', {}],
    [
      'expansion that is not attended to',
      {
        layout: 'pylate',
        query_prefix: '[unused0]',
        document_prefix: '[unused1]',
        query_length: 16,
        do_query_expansion: true,
        skiplist_words: ['.', '!'],
        maskSpecialTokens: false,
        divideByQueryLength: false,
      },
    ],
  ] as const)('gives the token vectors over padded batches: %s', async (name, settings) => {
    const model = await openTiny(settings);
    const { files } = await model.exportOnnx(join(root, name.slice(0, 3)));
    const encoder = textEncoder(model.tokenizer, model.config, model.settings);
    for (const kind of ['query', 'passage'] as const) {
      const rows = texts.map(kind === 'query' ? encoder.encodeQuery : encoder.encodePassage);
      const ours = await (kind === 'query' ? model.encodeQueries(texts) : model.encodePassages(texts));
      const { outputs, seq } = await run(files[0]!, rows);
      expect(Object.keys(outputs)).toEqual(['last_hidden_state', 'token_embeddings']);
      expect(outputs.last_hidden_state!.shape).toEqual([texts.length, seq, 16]);
      expect(outputs.token_embeddings!.shape).toEqual([texts.length, seq, 8]);
      const data = outputs.token_embeddings!.data as Float32Array;
      for (const [i, { scored }] of rows.entries()) {
        const kept = scored.flatMap((score, column) =>
          score === 1 ? [...data.subarray((i * seq + column) * 8, (i * seq + column + 1) * 8)] : [],
        );
        expect(kept).toHaveLength(ours[i]!.data.length);
        for (const [at, value] of kept.entries())
          expect(Math.abs(value - ours[i]!.data[at]!)).toBeLessThan(1e-5);
      }
    }
  });
});
