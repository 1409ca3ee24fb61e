/**
 * Exports a model of each class and of each layout in the fixtures, with what it computed in golden.json: what `export-onnx.py` runs in
 * Python's ONNX Runtime.
 *
 *     npx tsx --conditions=@rag/source scripts/golden/export-onnx.ts <directory>
 *     python scripts/golden/export-onnx.py <directory>
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ColBERT } from '../../packages/colbert/src/index.js';
import { Embedding } from '../../packages/embedding/src/index.js';
import { CrossEncoder } from '../../packages/reranker/src/index.js';
import { tinyCheckpoint, writeFiles } from '../../packages/reranker/src/testing/tiny-checkpoint.js';

const [directory] = process.argv.slice(2);
if (!directory) throw new Error('usage: export-onnx.ts <directory>');
const fixtures = (name: string) =>
  fileURLToPath(new URL(`../../packages/${name}/src/fixtures/`, import.meta.url));

async function write(name: string, model: CrossEncoder | Embedding | ColBERT): Promise<void> {
  const path = join(directory!, name);
  await model.savePretrained(path, { golden: true });
  await model.exportOnnx(path, { externalData: name.length % 2 === 0 });
  model.dispose();
  process.stdout.write(`${name}\n`);
}

await writeFiles(join(directory, 'source'), await tinyCheckpoint());
await write('reranker-bert', await CrossEncoder.fromPretrained(join(directory, 'source')));
const embeddings = fixtures('embedding');
for (const name of readdirSync(embeddings))
  await write(`embedding-${name}`, await Embedding.fromPretrained(join(embeddings, name), {}));
const colberts = fixtures('colbert');
for (const entry of readdirSync(colberts, { withFileTypes: true }))
  if (entry.isDirectory())
    await write(`colbert-${entry.name}`, await ColBERT.fromPretrained(join(colberts, entry.name)));
