import { DTYPE_BYTES } from './dtype.js';
import type { FileSource } from './file-source.js';
import { unpickle } from './pickle.js';
import { MAX_PICKLE_BYTES } from './pickle-bytes.js';
import { PytorchFileError } from './pytorch-file-error.js';
import { type StateDictParts, stateDictReader } from './state-dict.js';
import { readZipDirectory, type ZipEntry, zipDataOffset } from './zip.js';

/**
 * The parts of a zip archive of `torch.save` (1.6 and later): `<folder>/data.pkl`, and a stored entry `<folder>/data/<key>` per
 * storage. TorchScript and big-endian archives are errors that say how to convert. Source: torch/serialization.py, `_save`.
 * @throws PytorchFileError
 */
export async function readPytorchZip(source: FileSource, file: string): Promise<StateDictParts> {
  const entries = await readZipDirectory(source, file);
  const root = archiveFolder(entries, file);
  const content = async (name: string, limit: number): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    const entry = entries.get(`${root}${name}`);
    if (entry === undefined) return undefined;
    if (entry.size > limit) {
      throw new PytorchFileError(file, `${name}: expected at most ${limit} bytes, got ${entry.size}`);
    }
    return source.read(file, await zipDataOffset(source, file, entry), entry.size);
  };
  const order = await content('byteorder', 16);
  if (order !== undefined && new TextDecoder().decode(order) !== 'little') {
    throw new PytorchFileError(
      file,
      `expected little-endian data, got byteorder ${JSON.stringify(new TextDecoder().decode(order))}`,
      'load and save it again on a little-endian machine, or as safetensors',
    );
  }
  const pickle = (await content('data.pkl', MAX_PICKLE_BYTES)) as Uint8Array<ArrayBuffer>;
  const { reader, storages } = stateDictReader(file);
  const state = unpickle(pickle, file, reader);
  const begins = new Map<string, number>();
  for (const { key, dtype, count } of storages.values()) {
    const entry = entries.get(`${root}data/${key}`);
    if (entry === undefined) {
      throw new PytorchFileError(file, `expected the storage data/${key} in the archive, got none`);
    }
    if (entry.size !== count * DTYPE_BYTES[dtype]) {
      throw new PytorchFileError(
        file,
        `data/${key}: expected ${count} elements of ${dtype}, got ${entry.size} bytes`,
      );
    }
    begins.set(key, await zipDataOffset(source, file, entry));
  }
  return { state, begins };
}

/** The one folder that holds `data.pkl`, with its slash: `archive/`, or the name that the file had when it was saved. */
function archiveFolder(entries: ReadonlyMap<string, ZipEntry>, file: string): string {
  const folders = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (folders.length !== 1) {
    throw new PytorchFileError(file, `expected one <folder>/data.pkl in the archive, got ${folders.length}`);
  }
  const root = folders[0]!.slice(0, -'data.pkl'.length);
  if (entries.has(`${root}constants.pkl`)) {
    throw new PytorchFileError(
      file,
      'expected a state dict, got a TorchScript program',
      'save module.state_dict() with torch.save, or as safetensors',
    );
  }
  return root;
}
