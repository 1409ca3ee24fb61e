import { type FileSource, FileSourceError } from '@rag/models';
import type { BaseModel } from '../recipes/model-source.js';
import type { RunFiles } from '../run-files.js';

/** Bytes that are read of a large file: pieces of it, evenly spread. */
const PIECE = 1 << 12;
const PIECES = 64;

/** Files that say what a model computes; what training and exporting put beside them does not. */
const isRead = (name: string): boolean =>
  /\.(json|txt|model|safetensors|bin|pt|onnx|onnx_data)$/.test(name) &&
  !/^(golden|training_config|trainer_state)\.json$/.test(name);

/**
 * Tells a model's files from others in a moment however large they are: SHA-256 over names, sizes, small files, and pieces of large ones,
 * which a model that was trained on differs in everywhere.
 */
export async function modelIdentity(source: FileSource): Promise<string> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const add = (text: string): void => void parts.push(new TextEncoder().encode(`${text}\0`));
  const folders: (string | undefined)[] = [undefined, 'onnx', '1_Pooling', '2_Dense', '3_Dense', '1_Dense'];
  for (const folder of folders) {
    const names = await (folder === undefined ? source.list() : source.list(folder).catch(absent));
    for (const name of names.filter(isRead).sort()) {
      const path = folder === undefined ? name : `${folder}/${name}`;
      const size = await source.size(path);
      add(`${path} ${size}`);
      const step = Math.max(PIECE, Math.floor(size / PIECES));
      for (let at = 0; at < size; at += step)
        parts.push(await source.read(path, at, Math.min(PIECE, size - at)));
    }
  }
  const all = new Uint8Array(await new Blob(parts).arrayBuffer());
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', all));
  return Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function absent(error: unknown): string[] {
  if (error instanceof FileSourceError) return [];
  throw error;
}

/** The model that a run starts from: its name and commit on the hub, or `modelIdentity` of its directory. */
export async function startingModelIdentity(
  files: Pick<RunFiles, 'openModel'>,
  place: string,
  base: Pick<BaseModel, 'name' | 'commit'>,
): Promise<string> {
  if (base.commit !== undefined) return `${base.name}@${base.commit}`;
  const source = await files.openModel(place);
  return source ? modelIdentity(source) : base.name;
}
