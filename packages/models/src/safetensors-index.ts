import {
  describeJson,
  type FileSource,
  FileSourceError,
  isJsonObject,
  readJsonObject,
} from './file-source.js';
import { readSafetensorsHeader, type TensorEntry } from './safetensors.js';

/**
 * The tensors of a sharded checkpoint, by its `model.safetensors.index.json`: `{ "weight_map": { name: shard file } }`.
 * A name that its shard lacks and a tensor that the map does not place are errors, as is any broken shard.
 * @throws FileSourceError, SafetensorsError
 */
export function readShardIndex(
  source: FileSource,
  indexFile: string,
): Promise<ReadonlyMap<string, TensorEntry>> {
  return readShards(source, indexFile, async (file) => (await readSafetensorsHeader(source, file)).tensors);
}

/**
 * The same for shards of any format, such as those of `pytorch_model.bin.index.json`.
 * @param readShard the tensors of one shard by their names
 * @throws FileSourceError and what `readShard` throws
 */
export async function readShards<T>(
  source: FileSource,
  indexFile: string,
  readShard: (file: string) => Promise<ReadonlyMap<string, T>>,
): Promise<ReadonlyMap<string, T>> {
  const fail = (problem: string, name?: string): never => {
    const where = name === undefined ? indexFile : `${indexFile}: tensor ${describeJson(name)}`;
    throw new FileSourceError(indexFile, `${where}: ${problem} — fetch or write the file again`);
  };
  const { weight_map } = await readJsonObject(source, indexFile);
  if (!isJsonObject(weight_map)) {
    return fail(`expected "weight_map" to map tensor names to files, got ${describeJson(weight_map)}`);
  }
  const shards = new Map<string, Set<string>>();
  for (const [name, file] of Object.entries(weight_map)) {
    if (typeof file !== 'string') {
      return fail(`expected a file name in "weight_map", got ${describeJson(file)}`, name);
    }
    const names = shards.get(file) ?? new Set();
    shards.set(file, names.add(name));
  }
  const tensors = new Map<string, T>();
  for (const [file, names] of shards) {
    const found = await readShard(file);
    for (const name of names) {
      const tensor = found.get(name);
      if (!tensor) return fail(`expected the tensor in ${file}, got a shard without it`, name);
      tensors.set(name, tensor);
    }
    for (const name of found.keys()) {
      if (!names.has(name)) {
        const mapped = Object.hasOwn(weight_map, name) ? weight_map[name] : undefined;
        return fail(`expected "weight_map" to place it in ${file}, got ${describeJson(mapped)}`, name);
      }
    }
  }
  return tensors;
}
