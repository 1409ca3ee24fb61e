import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Files that say what a model computes: settings, tokenizers, weights. */
const isRead = (name: string): boolean => /\.(json|txt|model|safetensors|bin|pt)$/.test(name);
/** Module folders of sentence-transformers, such as `1_Pooling`; not `onnx/`, which holds copies unless a file of it is asked for. */
const isModule = (name: string): boolean => /^\d+_\w+$/.test(name);

/**
 * SHA-256 over names and contents of a model directory's files, the first 16 hexadecimal digits: tells a model that was
 * trained on, or another one, from the same. Reads every weight.
 * @param onnx the ONNX file that is opened in place of weights; with it what its name begins, its data, is read too
 */
export async function modelFingerprint(directory: string, onnx?: string): Promise<string> {
  const hash = createHash('sha256');
  const add = async (folder: string, modules: boolean): Promise<void> => {
    for (const name of (await readdir(join(directory, folder))).sort()) {
      const path = join(directory, folder, name);
      const isOnnx = onnx !== undefined && `${folder}${folder && '/'}${name}`.startsWith(onnx);
      const found = await stat(path);
      if (found.isDirectory() && modules && isModule(name)) await add(name, false);
      if (!found.isFile() || !(isRead(name) || isOnnx)) continue;
      hash.update(`${folder}/${name}\0${found.size}\0`);
      for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
    }
  };
  await add('', true);
  const folder = onnx?.slice(0, Math.max(0, onnx.lastIndexOf('/'))) ?? '';
  if (folder !== '') await add(folder, false);
  return hash.digest('hex').slice(0, 16);
}
