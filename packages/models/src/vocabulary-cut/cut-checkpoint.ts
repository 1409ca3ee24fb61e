import { type Checkpoint, TOKENIZER_FILES, WEIGHT_FILES } from '../checkpoint.js';
import { elementCount } from '../dtype.js';
import { type FileSource, FileSourceError, readText } from '../file-source.js';
import { findMixFiles } from '../mix/mix-files.js';
import { tensorsOfCheckpoint } from '../mix/stored-tensor.js';
import { statedTask } from '../model-task.js';
import { withPlainCard } from '../plain-card.js';
import type { TensorToWrite } from '../safetensors-write.js';
import { gatherRows } from './gather-rows.js';
import { renumberConfig } from './vocabulary-needs.js';

/** A cut that a tokenizer has been through. */
export interface VocabularyRows {
  /** The ids before the cut by those after it, ascending. */
  readonly ids: readonly number[];
  /** The tokenizer's files with new ids. */
  readonly files: Readonly<Partial<Record<string, string>>>;
}

/** A model with fewer tokens that was not written yet: what `saveCheckpoint` takes, and what a reader should know. */
export interface CutCheckpoint {
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: readonly TensorToWrite[];
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** Elements of all tensors, before and after. */
  readonly parameters: { readonly before: number; readonly after: number };
  /** The tensors that became smaller. */
  readonly cut: readonly string[];
  /** Files of the model that the cut has not: of slower tokenizers, and what was made from its weights. */
  readonly leftOut: readonly string[];
}

/** Tables of embeddings, by transformers' names. */
const TABLE = /(^|\.)(word_embeddings|tok_embeddings|embed_tokens|wte)\.weight$/;
/** What a head that predicts tokens has of the vocabulary's size; its weight is the table itself where they are tied. */
const TOKEN_HEAD =
  /(^|\.)((cls\.predictions|predictions|lm_predictions|lm_head|decoder|vocab_projector|generator_lm_head|embed_out)\.)+(weight|bias)$/;

/**
 * A checkpoint without the rows of tokens that are gone: the table of embeddings and the heads that predict tokens are gathered, each in
 * its own dtype and bit by bit, `vocab_size` and the ids of config.json changed, the card written anew, everything else copied.
 * @throws RangeError for a model whose table cannot be told, or that has fewer rows than its tokenizer ids
 */
export async function cutCheckpoint(
  { source, config, tensors }: Checkpoint,
  { ids, files: tokenizerFiles }: VocabularyRows,
): Promise<CutCheckpoint> {
  const rows = config.vocab_size;
  if (typeof rows !== 'number' || !(ids.at(-1)! < rows))
    throw new RangeError(
      `config.json: expected a "vocab_size" above the tokenizer's largest id ${ids.at(-1)}, got ${rows} — use the tokenizer that belongs to the model`,
    );
  const stored = tensorsOfCheckpoint(source, tensors);
  const cut = tensors.names.filter((name) => isOfVocabulary(name, tensors.shape(name), rows, config));
  if (!cut.some((name) => TABLE.test(name)))
    throw new RangeError(
      `tensors: expected a table of embeddings [${rows}, …] such as embeddings.word_embeddings.weight, got none among ${tensors.names.length} — the model is of a kind that cannot be cut yet`,
    );
  const made: TensorToWrite[] = [];
  const parameters = { before: 0, after: 0 };
  for (const [name, { shape, dtype, bytes, read }] of stored) {
    const data = async () => (await bytes()) ?? (await read(0, elementCount(shape)));
    const tensor = cut.includes(name) ? gatherRows(source, tensors, name, ids) : { name, shape, dtype, data };
    parameters.before += elementCount(shape);
    parameters.after += elementCount(tensor.shape);
    made.push(tensor);
  }
  const copied = await otherFiles(source, tokenizerFiles);
  const { task } = await statedTask(source, config);
  const carded = { config: renumberConfig(config, ids), files: copied };
  const { files, ...rest } = await withPlainCard(carded, { task, sources: [source] });
  const leftOut = await leftOutOf(source, files);
  return { ...rest, tensors: made, files, parameters, cut, leftOut };
}

function isOfVocabulary(
  name: string,
  shape: readonly number[],
  rows: number,
  config: Readonly<Record<string, unknown>>,
): boolean {
  const known = TABLE.test(name) || TOKEN_HEAD.test(name);
  if (known && shape[0] === rows) return true;
  const coincides = Object.entries(config).some(([key, value]) => key !== 'vocab_size' && value === rows);
  if (TABLE.test(name) || (shape[0] === rows && !coincides))
    throw new RangeError(
      `tensor ${JSON.stringify(name)}: expected ${known ? `${rows} rows ("vocab_size" of config.json)` : 'a tensor apart from the vocabulary'}, got [${shape}] — which of its rows belong to tokens cannot be told`,
    );
  return false;
}

/** The tokenizer's files that were cut and what other files there are, but for those that would be wrong. */
async function otherFiles(source: FileSource, cut: VocabularyRows['files']) {
  const { copied, extras } = await findMixFiles(source);
  const tokenizer = new Set<string>(TOKENIZER_FILES);
  const kept = [
    ...copied.filter((name) => !tokenizer.has(name) && !name.endsWith('.model')),
    ...extras.flatMap(({ files }) => files),
  ];
  const files: Record<string, string | Uint8Array> = {};
  for (const [name, text] of Object.entries(cut)) if (text !== undefined) files[name] = text;
  for (const name of kept)
    files[name] = /\.(safetensors|bin|pt)$/.test(name)
      ? await source.read(name, 0, await source.size(name))
      : await readText(source, name);
  return files;
}

/** Files that neither went into the cut nor were made anew. */
async function leftOutOf(source: FileSource, files: CutCheckpoint['files']): Promise<string[]> {
  const within = await source.list('onnx').catch((error: unknown): string[] => {
    if (error instanceof FileSourceError) return [];
    throw error;
  });
  const names = [...(await source.list()), ...within.map((name) => `onnx/${name}`)];
  const weights = WEIGHT_FILES.find((name) => names.includes(name));
  return names.filter(
    (name) => !Object.hasOwn(files, name) && name !== 'config.json' && name !== weights && !isShard(name),
  );
}

const isShard = (name: string): boolean => /-\d+-of-\d+\.(safetensors|bin)$/.test(name);
