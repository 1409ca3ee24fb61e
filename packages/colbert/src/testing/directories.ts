import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { encoderConfigToJson, safetensorsBytes } from '@rag/models';
import { colbertParameters } from '../colbert-graph.js';
import { tinyConfig, tinySettings, tinyTokenizerFiles, tinyWeights } from './tiny.js';

/** The content of a directory's files by their paths. */
export type Files = Readonly<Record<string, Uint8Array | string>>;

/** Every file of a directory, those in folders too. */
export async function readFiles(directory: string): Promise<Record<string, Uint8Array>> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = names
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const files: Record<string, Uint8Array> = {};
  for (const path of paths)
    files[path.slice(directory.length + 1).replaceAll('\\', '/')] = new Uint8Array(await readFile(path));
  return files;
}

/** Writes files into a new directory. */
export async function writeFiles(directory: string, files: Files): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), content);
  }
  return directory;
}

/** A bare encoder without a projection, and what else is given. */
export async function tinyEncoderFiles(others: Files = {}): Promise<Record<string, Uint8Array | string>> {
  const [config, settings] = [tinyConfig(), tinySettings()];
  const weights = tinyWeights(config, settings);
  const encoder = colbertParameters(config, settings).filter(({ name }) => !name.startsWith('linear.'));
  return {
    ...tinyTokenizerFiles,
    'config.json': JSON.stringify(encoderConfigToJson(config)),
    'model.safetensors': await safetensorsBytes(
      encoder.map((spec) => ({ ...spec, data: weights.get(spec.name)! })),
    ),
    ...others,
  };
}

/** The tiny model's projection as RAG-Retrieval's file has it: `weight` [8, 16], `bias` [8]. */
export function tinyLinear() {
  const weights = tinyWeights();
  return [
    { name: 'weight', shape: [8, 16], data: weights.get('linear.weight')! },
    { name: 'bias', shape: [8], data: weights.get('linear.bias')! },
  ];
}
