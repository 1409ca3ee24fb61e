/**
 * Opens every fixture of @rag/embedding, saves it with `savePretrained`, and writes beside it, as ours.json, the vectors that it
 * computed: what `embedding-models.py check` compares with Python's. One more model has a head of its own.
 *
 *     npx tsx --conditions=@rag/source scripts/golden/save-embedding-models.ts <directory>
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Embedding, type EncodeOptions } from '../../packages/embedding/src/index.js';

const [directory] = process.argv.slice(2);
if (!directory) throw new Error('usage: save-embedding-models.ts <directory>');
const fixtures = fileURLToPath(new URL('../../packages/embedding/src/fixtures/', import.meta.url));

/** sentence-transformers' options, and ours for the same vectors. */
type Run = readonly [options: Readonly<Record<string, unknown>>, ours: EncodeOptions];

async function save(name: string, model: Embedding, texts: readonly string[]): Promise<void> {
  const path = join(directory!, name);
  await model.savePretrained(path);
  const dim = Math.ceil(model.dimension / 3);
  const list: Run[] = [
    [{}, {}],
    [{ normalize_embeddings: true }, { normalize: true }],
    [
      { truncate_dim: dim, normalize_embeddings: true },
      { dim, normalize: true },
    ],
    [{ prompt: 'the cat : ' }, { prompt: 'the cat : ' }],
    ...Object.keys(model.settings.prompts).map(
      (promptName): Run => [{ prompt_name: promptName }, { promptName }],
    ),
  ];
  const runs = [];
  for (const [options, ours] of list)
    runs.push({ options, vectors: (await model.encode(texts, ours)).map((vector) => [...vector]) });
  writeFileSync(join(path, 'ours.json'), JSON.stringify({ texts, runs }));
  model.dispose();
}

for (const name of readdirSync(fixtures)) {
  const { texts } = JSON.parse(readFileSync(join(fixtures, name, 'golden.json'), 'utf8'));
  await save(name, await Embedding.fromPretrained(join(fixtures, name)), texts);
  if (name !== 'dense-tanh') continue;
  // A model of parts, as training leaves it: another head than the directory's.
  const model = await Embedding.fromPretrained(join(fixtures, name));
  const { head, weights, settings, ...parts } = await model.readParts();
  model.dispose();
  const own = await Embedding.fromParts({
    ...parts,
    settings: { ...settings, max_seq_length: 16, prompts: { query: 'why ' }, default_prompt_name: 'query' },
    weights,
    head: {
      ...head,
      pooling: ['max'],
      normalize: false,
      dense: head.dense.map((spec) => ({ ...spec, activation: 'silu' })),
    },
  });
  await save('parts', own, texts);
}
