import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ExportRefusedError } from '@rag/models';
import { afterAll, describe, expect, it } from 'vitest';
import { LLMDecoder, type Pair, type PairTemplate, Reranker, YesNoReranker } from './index.js';

const root = mkdtempSync(join(tmpdir(), 'export-decoders-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const furthest = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((x, i) => Math.abs(x - b[i]!)));

describe.each([
  ['qwen2-scalar', LLMDecoder],
  ['gemma-yes', YesNoReranker],
  ['qwen3-yes-no', YesNoReranker],
] as const)('%s', (name, kind) => {
  const directory = fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
  const { pairs, template }: { pairs: Pair[]; template?: Partial<PairTemplate> } = JSON.parse(
    readFileSync(join(directory, 'expected.json'), 'utf8'),
  );

  it('is exported in every dtype, judged, and opened from its files', async () => {
    const model = await kind.fromPretrained(directory, template && { template });
    const output = join(root, name);
    await model.savePretrained(output);
    const wide = await model.computeScore(pairs);
    const opened = async (onnx: string) => {
      const other = await Reranker.fromPretrained(output, { onnx });
      try {
        expect(other).toBeInstanceOf(kind);
        return await other.computeScore(pairs, { batchSize: 1 });
      } finally {
        other.dispose();
      }
    };
    await model.exportOnnx(output, { externalData: true });
    expect(furthest(await opened('fp32'), wide)).toBeLessThan(1e-5);
    for (const [dtype, leastSpearman] of [
      ['fp16', 0.99],
      ['q8', 0.99],
      // Rows of so few weights are further away in four bits than those of a model that one would narrow.
      ['q4', 0],
    ] as const) {
      const { loss } = await model.exportNarrow(output, pairs, { dtype, leastSpearman, externalData: true });
      expect(loss.count).toBe(pairs.length);
      // What was judged is what is opened; row by row, since q8 quantizes the inputs of a batch together.
      expect(furthest(await opened(dtype), wide)).toBeCloseTo(loss.max, 4);
    }
    expect(furthest(await opened('fp16'), wide)).toBeLessThan(0.01);
    const elsewhere = join(root, `${name}-refused`);
    const refused = model.exportNarrow(elsewhere, pairs, { dtype: 'q4', leastSpearman: 1.1 });
    await expect(refused).rejects.toThrow(ExportRefusedError);
    expect(readdirSync(join(elsewhere, 'onnx'))).toEqual([]);
    model.dispose();
  });
});
