import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { CrossEncoder, type Pair } from './index.js';

/** What sentence-transformers' CrossEncoder gives; see scripts/golden/publisher-layouts.py. */
interface Golden {
  readonly pairs: Pair[];
  readonly max_length: number;
  /** What it applies to logits where it is not told otherwise. */
  readonly activation: 'Sigmoid' | 'Identity';
  readonly predicted: number[];
  readonly logits: number[];
}

const root = mkdtempSync(join(tmpdir(), 'publishers-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.each([
  ['bge-reranker', 'Sigmoid'],
  ['ms-marco', 'Identity'],
  ['ms-marco-v4', 'Identity'],
  ['jina-reranker-v2', 'Sigmoid'],
] as const)('%s', (name, activation) => {
  const directory = fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
  const golden: Golden = JSON.parse(readFileSync(join(directory, 'golden.json'), 'utf8'));
  const { pairs, max_length: maxLength } = golden;
  const close = (scores: readonly number[], theirs: readonly number[]) =>
    expect(Math.max(...theirs.map((score, i) => Math.abs(score - scores[i]!)))).toBeLessThan(1e-5);

  it('has logits, or with normalize their logistic function, whatever activation config.json states', async () => {
    const model = await CrossEncoder.fromPretrained(directory);
    expect(model.initialized).toEqual([]);
    const logits = await model.computeScore(pairs, { maxLength });
    close(logits, golden.logits);
    expect(golden.activation).toBe(activation);
    close(
      await model.computeScore(pairs, { maxLength, normalize: activation === 'Sigmoid' }),
      golden.predicted,
    );
    const saved = join(root, name);
    await model.savePretrained(saved);
    model.dispose();
    const kept = (path: string) => JSON.parse(readFileSync(join(path, 'config.json'), 'utf8'));
    for (const key of [
      'sbert_ce_default_activation_function',
      'sentence_transformers',
      'architectures',
      'model_type',
    ])
      expect(kept(saved)[key]).toEqual(kept(directory)[key]);
    // Transformers' own XLM-R from here on, which needs no code of the hub.
    expect(kept(saved)).not.toHaveProperty('auto_map');
    const again = await CrossEncoder.fromPretrained(saved, { newHead: false });
    expect(await again.computeScore(pairs, { maxLength })).toEqual(logits);
    again.dispose();
  });
});
