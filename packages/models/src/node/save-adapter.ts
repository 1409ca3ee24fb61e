import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { WEIGHT_FILES } from '../checkpoint.js';
import type { AdapterConfig } from '../lora/adapter-config.js';
import { adapterFiles, type TrainedParameter } from '../lora/adapter-files.js';
import { writeFileAtomically } from './file-sink.js';
import { SaveRefusedError } from './save.js';

/**
 * Writes a directory that PEFT and `openHubOrDirectory` open as an adapter: adapter_model.safetensors, `files` (a tokenizer's, a card), and
 * last adapter_config.json, without which it is none.
 * @throws SaveRefusedError for a directory that holds the weights of a model; TypeError as `adapterTensors`
 */
export async function saveAdapter(
  directory: string,
  config: AdapterConfig,
  trained: readonly TrainedParameter[],
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<void> {
  const own = await adapterFiles(config, trained);
  await mkdir(directory, { recursive: true });
  const weights = (await readdir(directory)).filter((name) =>
    (WEIGHT_FILES as readonly string[]).includes(name),
  );
  if (weights.length > 0) throw new SaveRefusedError(directory, weights);
  for (const [name, content] of [...Object.entries(files), ...Object.entries(own)]) {
    const folder = name.split('/').slice(0, -1).join('/');
    if (folder !== '') await mkdir(join(directory, folder), { recursive: true });
    await writeFileAtomically(join(directory, name), content);
  }
}
