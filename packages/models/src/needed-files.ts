import { isModuleFile, TOKENIZER_FILES, WEIGHT_FILES } from './checkpoint.js';
import { FileSourceError, isJsonObject } from './file-source.js';
import { GOLDEN_FILE } from './golden.js';
import { ADAPTER_CONFIG } from './lora/adapter-config.js';
import { ADAPTER_FILES, isAdapter } from './lora/adapter-source.js';
import { chooseOnnx, dataFilesOf, type OnnxChoice, onnxWithoutWeights } from './onnx-file/variants.js';

/** How a decoder's pairs are written, and which tokens answer: `@rag/reranker` writes it beside a checkpoint. */
export const RERANKER_CONFIG = 'reranker_config.json';

/**
 * Files of a task beside a model's weights: RAG-Retrieval's ColBERT projection, our settings of it, what gives bge-m3's terms their weights (for
 * training: no class gives sparse vectors), Stanford's settings; a decoder's template of pairs.
 */
export const TASK_FILES = [
  'colbert_linear.pt',
  'colbert_linear.safetensors',
  'colbert_settings.json',
  'sparse_linear.pt',
  'sparse_linear.safetensors',
  'artifact.metadata',
  RERANKER_CONFIG,
];

/**
 * Which of a model's files opening it reads: config, tokenizer, weights in one format, sentence-transformers' modules,
 * ColBERT's projection; and golden.json, which is small, so that `verify: true` also works offline. Not other formats of the same
 * weights, images and cards; of ONNX files the one that `chooseOnnx` takes in place of weights, with its data.
 * @param paths every file of the model
 * @param readText gives the text of one of them: the index of shards
 * @param onnx which ONNX file is asked for, if any
 * @throws FileSourceError for an index that names no files, or files that the model does not have, and as `chooseOnnx`
 */
export async function neededFiles(
  paths: readonly string[],
  readText: (path: string) => Promise<string>,
  onnx?: OnnxChoice,
): Promise<string[]> {
  const present = new Set(paths);
  const small = ['config.json', GOLDEN_FILE, ...TOKENIZER_FILES, ...TASK_FILES];
  const needed = small.filter((path) => present.has(path));
  needed.push(...paths.filter(isModuleFile));
  for (const path of paths) {
    // A module's weights in PyTorch's format where it has no others.
    const [, folder] = /^(\d+_[A-Z]\w*)\/pytorch_model\.bin$/.exec(path) ?? [];
    if (folder !== undefined && !present.has(`${folder}/model.safetensors`)) needed.push(path);
  }
  // Which file is meant, where it is not clear, is asked when the model is opened.
  const file = onnx === undefined ? onnxWithoutWeights(paths) : chooseOnnx(paths, onnx);
  if (file !== undefined) return [...new Set([...needed, file, ...dataFilesOf(file, paths)])];
  const weights = WEIGHT_FILES.find((path) => present.has(path));
  if (isAdapter(paths))
    needed.push(ADAPTER_CONFIG, ...ADAPTER_FILES.filter((path) => present.has(path)).slice(0, 1));
  if (weights !== undefined) needed.push(weights);
  if (weights?.endsWith('.index.json')) {
    const shards = shardsOf(weights, await readText(weights));
    const missing = shards.find((shard) => !present.has(shard));
    if (missing !== undefined)
      throw new FileSourceError(
        weights,
        `${weights}: expected files of the model in "weight_map", got ${JSON.stringify(missing)}, which it does not have — tell its author`,
      );
    needed.push(...shards);
  }
  return [...new Set(needed)];
}

function shardsOf(path: string, text: string): string[] {
  let index: unknown;
  try {
    index = JSON.parse(text);
  } catch {
    index = undefined;
  }
  const map = isJsonObject(index) ? index.weight_map : undefined;
  const files = isJsonObject(map) ? Object.values(map) : [];
  if (files.length === 0 || files.some((file) => typeof file !== 'string'))
    throw new FileSourceError(
      path,
      `${path}: expected "weight_map" to map tensor names to files, got something else — tell the model's author`,
    );
  return [...new Set(files as string[])];
}
