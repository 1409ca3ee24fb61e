import { describeJson, type FileSource, isJsonObject, readJsonObject } from './file-source.js';
import { readSafetensorsHeader, SafetensorsError, type TensorEntry } from './safetensors.js';

/**
 * The tensors of a sharded checkpoint, by its `model.safetensors.index.json`: `{ "weight_map": { name: shard file } }`.
 * A name that its shard lacks and a tensor that the map does not place are errors, as is any broken shard.
 * @throws SafetensorsError
 */
export async function readShardIndex(
  source: FileSource,
  indexFile: string,
): Promise<ReadonlyMap<string, TensorEntry>> {
  const { weight_map } = await readJsonObject(source, indexFile);
  if (!isJsonObject(weight_map)) {
    throw new SafetensorsError(
      indexFile,
      `expected "weight_map" to map tensor names to files, got ${describeJson(weight_map)}`,
    );
  }
  const shards = new Map<string, Set<string>>();
  for (const [name, file] of Object.entries(weight_map)) {
    if (typeof file !== 'string') {
      throw new SafetensorsError(
        indexFile,
        `expected a file name in "weight_map", got ${describeJson(file)}`,
        name,
      );
    }
    shards.set(file, (shards.get(file) ?? new Set()).add(name));
  }
  const tensors = new Map<string, TensorEntry>();
  for (const [file, names] of shards) {
    const header = await readSafetensorsHeader(source, file);
    for (const name of names) {
      const entry = header.tensors.get(name);
      if (!entry) {
        throw new SafetensorsError(indexFile, `expected the tensor in ${file}, got a shard without it`, name);
      }
      tensors.set(name, entry);
    }
    for (const name of header.tensors.keys()) {
      if (!names.has(name)) {
        const mapped = describeJson(weight_map[name]);
        throw new SafetensorsError(
          indexFile,
          `expected "weight_map" to place it in ${file}, got ${mapped}`,
          name,
        );
      }
    }
  }
  return tensors;
}
