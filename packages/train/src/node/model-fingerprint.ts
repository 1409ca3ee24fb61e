import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readOnnxFile } from '@rag/models';
import { directorySource } from '@rag/models/node';

/** Files that say what a model computes: settings, tokenizers, weights. */
const isRead = (name: string): boolean => /\.(json|txt|model|safetensors|bin|pt)$/.test(name);
/** Module folders of sentence-transformers, such as `1_Pooling`; not `onnx/`, which holds copies unless a file of it is asked for. */
const isModule = (name: string): boolean => /^\d+_\w+$/.test(name);

/**
 * SHA-256 over names and contents of a model directory's files, the first 16 hexadecimal digits: tells a model that was
 * trained on, or another one, from the same. Reads every weight.
 * @param onnx the ONNX file that is opened in place of weights; the files of external data that it names are read too
 * @throws as `readOnnxFile`
 */
export async function modelFingerprint(directory: string, onnx?: string): Promise<string> {
  const hash = createHash('sha256');
  const addFile = async (name: string, size: number): Promise<void> => {
    hash.update(`${name}\0${size}\0`);
    for await (const chunk of createReadStream(join(directory, name), { highWaterMark: 1 << 20 }))
      hash.update(chunk);
  };
  const addFolder = async (folder: string, modules: boolean): Promise<void> => {
    for (const name of (await readdir(join(directory, folder))).sort()) {
      const found = await stat(join(directory, folder, name));
      if (found.isDirectory() && modules && isModule(name)) await addFolder(name, false);
      if (found.isFile() && isRead(name)) await addFile(`${folder}/${name}`, found.size);
    }
  };
  await addFolder('', true);
  if (onnx !== undefined) {
    const source = await directorySource(directory);
    const { external } = await readOnnxFile(source, onnx);
    for (const path of [onnx, ...[...external.values()].sort()]) await addFile(path, await source.size(path));
  }
  return hash.digest('hex').slice(0, 16);
}
