import { mkdir, readdir, realpath, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { isModuleFile, TOKENIZER_FILES } from '../checkpoint.js';
import { configText } from '../config-text.js';
import { GOLDEN_FILE } from '../golden.js';
import { ADAPTER_CONFIG } from '../lora/adapter-config.js';
import { ADAPTER_FILES } from '../lora/adapter-source.js';
import { TRAINING_CONFIG_FILE } from '../model-card.js';
import { isLicenceFile, MODEL_CARD_FILE } from '../model-card-facts.js';
import { TASK_FILES } from '../needed-files.js';
import type { OnnxToSave } from '../onnx-training/trainable-file.js';
import { type TensorToWrite, writeSafetensors } from '../safetensors-write.js';
import { fileSink, syncDirectory, temporaryName, writeFileAtomically } from './file-sink.js';
import { ONNX_FOLDER } from './write-onnx.js';

/** What a checkpoint directory holds. */
export interface CheckpointToSave {
  /** Becomes config.json, which is left out beside an adapter: with one, transformers takes the directory for a whole model. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Becomes model.safetensors, which is left out for a model that is its ONNX file and has none. */
  readonly tensors: Iterable<TensorToWrite>;
  /** Becomes `onnx/model.onnx`. */
  readonly onnx?: OnnxToSave;
  /** adapter_config.json and the adapter's tensors, which stand in the place of model.safetensors: its base model has the rest. */
  readonly adapter?: Readonly<Record<string, string | Uint8Array>>;
  /** Further safetensors files by their path in the directory, asked for once the weights are written. */
  readonly tensorFiles?: Readonly<Record<string, () => Iterable<TensorToWrite>>>;
  /** Further files by their path in the directory, such as `tokenizer.json` or `1_Pooling/config.json`; written as they are. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

/** Files that are made from the written model, before it takes its place. */
export interface MadeFromModel {
  /** Paths of those that `make` gives; files in `onnx` need not be named. */
  readonly names: readonly string[];
  /** Opens the model in this directory, may write to `onnx` in it, and gives the contents of the others by path. */
  make(directory: string): Promise<Readonly<Record<string, string | Uint8Array>>>;
}

export interface SaveOptions {
  /** Writes into a directory with other content too. */
  readonly overwrite?: boolean;
  readonly made?: MadeFromModel;
}

/** A directory that a save would not replace. */
export class SaveRefusedError extends Error {
  override name = 'SaveRefusedError';
  constructor(
    readonly directory: string,
    readonly foreign: readonly string[],
  ) {
    const shown = foreign.slice(0, 5).join(', ') + (foreign.length > 5 ? ', …' : '');
    super(
      `${directory}: expected an empty directory or an earlier checkpoint, got one that holds ${shown} — choose another directory or pass overwrite: true`,
    );
  }
}

/** True for what is made of or with a checkpoint's weights, and is wrong beside others: models for other tools, recorded outputs, a training's record. */
const isDerivedFile = (name: string): boolean =>
  name === GOLDEN_FILE ||
  name === TRAINING_CONFIG_FILE ||
  /^onnx\/model(_[a-z0-9]+)?\.onnx(_data)?$/.test(name);

/** Weights and what says whose they are: a whole model's are wrong beside an adapter, and an adapter's beside a whole model. */
const isModelFile = (name: string): boolean =>
  [CONFIG, WEIGHTS, ADAPTER_CONFIG, ADAPTER_FILES[0]].includes(name);

const isCardFile = (name: string): boolean => name === MODEL_CARD_FILE || isLicenceFile(name);

const WEIGHTS = 'model.safetensors';
const CONFIG = 'config.json';
const MODEL = `${ONNX_FOLDER}/model.onnx`;

/**
 * Writes a checkpoint directory, complete or not at all: into a temporary directory, fsync, rename.
 * - No such directory: it appears in one rename, its parents are made.
 * - One that holds only files of a checkpoint, its card, its licence and sentence-transformers' module folders included: it is
 *   replaced as a whole.
 * - An empty one, or with `overwrite` any: the files move in one by one, config.json last; foreign files stay.
 * Models in `onnx`, a golden.json and a training_config.json of the older weights go.
 * Files of any other name are never deleted.
 * @throws SaveRefusedError for a directory with other content, unless `overwrite`; what `made` throws, nothing written then.
 */
export async function saveCheckpoint(
  directory: string,
  checkpoint: CheckpointToSave,
  { overwrite = false, made }: SaveOptions = {},
): Promise<void> {
  const { onnx, adapter, tensorFiles = {} } = checkpoint;
  const files = {
    ...checkpoint.files,
    ...(adapter ?? { [CONFIG]: configText(checkpoint.config) }),
  };
  const last = adapter ? ADAPTER_CONFIG : CONFIG;
  const tensors = [...checkpoint.tensors];
  const extra = [checkpoint.files ?? {}, tensorFiles].flatMap((named) => Object.keys(named));
  extra.push(...(made?.names ?? []), ...(onnx ? [MODEL] : []));
  for (const name of extra) checkExtraFile(name);
  const stated = [...extra, WEIGHTS, CONFIG];
  const state = await inspect(directory, foldersOf(stated));
  const foreign = foreignNames(state.names, stated);
  if (foreign.length > 0 && !overwrite) throw new SaveRefusedError(directory, foreign);
  const inPlace = state.exists && (state.names.length === 0 || foreign.length > 0);

  const { path } = state;
  const parent = dirname(path);
  await makeDurable(parent);
  const staging = inPlace ? join(path, temporaryName('save')) : join(parent, temporaryName(basename(path)));
  await mkdir(staging);
  try {
    for (const folder of foldersOf(stated)) await mkdir(join(staging, folder));
    for (const [name, content] of Object.entries(files))
      await writeFileAtomically(join(staging, name), content);
    if (tensors.length > 0 || (!onnx && !adapter))
      await writeSafetensors(await fileSink(join(staging, WEIGHTS)), tensors);
    if (onnx) await writeTrained(staging, onnx);
    for (const [name, tensorsOf] of Object.entries(tensorFiles))
      await writeSafetensors(await fileSink(join(staging, name)), tensorsOf());
    if (made) await writeMade(staging, made);
    const written = (await inspect(staging, foldersOf(stated))).names;
    // config.json last, or the adapter's: without it there is no model.
    // And a model after the data that it points at.
    const names = [...written.filter((name) => name !== last).toReversed(), last];
    const folders = foldersOf(names);
    if (inPlace) {
      for (const name of state.names)
        if ((isDerivedFile(name) || isModelFile(name)) && (!names.includes(name) || name === MODEL))
          await rm(join(path, name), { force: true });
      for (const folder of folders) await mkdir(join(path, folder), { recursive: true });
      for (const name of names) await rename(join(staging, name), join(path, name));
      for (const folder of folders.toReversed()) await rmdir(join(staging, folder));
      await rmdir(staging);
      for (const folder of ['', ...folders]) await syncDirectory(join(path, folder));
    } else {
      await replaceDirectory(staging, path, state);
    }
    await syncDirectory(parent);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw error;
  }
}

/** Files in a directory for which a save with these further files would be refused; none where there is no directory. */
export async function foreignFiles(directory: string, extra: readonly string[]): Promise<readonly string[]> {
  const { names } = await inspect(directory, foldersOf(extra));
  return foreignNames(names, [...extra, WEIGHTS, CONFIG]);
}

function foreignNames(names: readonly string[], stated: readonly string[]): string[] {
  const known = new Set<string>([
    ...stated,
    ...TOKENIZER_FILES,
    ...TASK_FILES,
    ADAPTER_CONFIG,
    ADAPTER_FILES[0],
  ]);
  // A README or a licence without a model is something else's.
  const hasModel = names.includes(CONFIG) || names.includes(ADAPTER_CONFIG);
  return names.filter((name) =>
    isCardFile(name) ? !hasModel : !known.has(name) && !isModuleFile(name) && !isDerivedFile(name),
  );
}

async function writeTrained(staging: string, { model, data }: OnnxToSave): Promise<void> {
  await writeFileAtomically(join(staging, MODEL), model);
  if (!data) return;
  const sink = await fileSink(join(staging, `${MODEL}_data`));
  try {
    for (const part of data()) await sink.write(part);
    await sink.close();
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

async function writeMade(staging: string, { names, make }: MadeFromModel): Promise<void> {
  const files = await make(staging);
  const given = Object.keys(files);
  if (given.length !== names.length || !names.every((name) => given.includes(name)))
    throw new TypeError(
      `made: expected ${names.join(', ')}, got ${given.join(', ') || 'nothing'} — name what is made`,
    );
  for (const [name, content] of Object.entries(files))
    await writeFileAtomically(join(staging, name), content);
}

/** Puts `staging` in the place of `path`; the old directory steps aside and is emptied file by file. */
async function replaceDirectory(staging: string, path: string, state: DirectoryState): Promise<void> {
  if (!state.exists) {
    await rename(staging, path);
    return;
  }
  const aside = join(dirname(path), temporaryName(basename(path)));
  await rename(path, aside);
  try {
    await rename(staging, path);
  } catch (error) {
    await rename(aside, path);
    throw error;
  }
  for (const name of state.names) await rm(join(aside, name), { force: true });
  for (const folder of state.folders.toReversed()) await rmdir(join(aside, folder));
  await rmdir(aside);
}

/** The folders that files lie in, outer ones first. */
function foldersOf(names: readonly string[]): string[] {
  const folders = names.flatMap((name) =>
    name.split('/').flatMap((_, depth, segments) => (depth > 0 ? [segments.slice(0, depth).join('/')] : [])),
  );
  return [...new Set(folders)];
}

interface DirectoryState {
  /** The real path, so that a symlink to a directory stays one. */
  readonly path: string;
  readonly exists: boolean;
  /** Files by their path in the directory; a folder that no checkpoint has is one name. */
  readonly names: readonly string[];
  /** The folders that were looked into, outer ones first. */
  readonly folders: readonly string[];
}

async function inspect(directory: string, expected: readonly string[]): Promise<DirectoryState> {
  const path = await realpath(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (path === undefined) return { path: resolve(directory), exists: false, names: [], folders: [] };
  if (!(await stat(path)).isDirectory()) throw new SaveRefusedError(directory, ['a file of this name']);
  const names: string[] = [];
  const folders: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    const entries = await readdir(join(path, folder), { withFileTypes: true });
    // An empty folder is no part of a checkpoint.
    if (entries.length === 0 && folder !== '') names.push(folder);
    else if (folder !== '') folders.push(folder);
    for (const entry of entries) {
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (
        entry.isDirectory() &&
        (expected.includes(name) || name === ONNX_FOLDER || isModuleFile(`${name}/config.json`))
      )
        await walk(name);
      else names.push(name);
    }
  };
  await walk('');
  return { path, exists: true, names: names.sort(), folders };
}

/** Makes a directory and those above it, each with its name in the one above. */
async function makeDurable(directory: string): Promise<void> {
  const first = await mkdir(directory, { recursive: true });
  if (first === undefined) return;
  for (let at = directory; at.length >= first.length; at = dirname(at)) await syncDirectory(dirname(at));
}

function checkExtraFile(name: string): void {
  const bad = name.split('/').some((segment) => /^\.{0,2}$|[\\:\0]/.test(segment));
  if (bad || name === WEIGHTS || name === CONFIG) {
    throw new TypeError(
      `files: expected paths inside the directory other than ${WEIGHTS} and ${CONFIG}, got ${JSON.stringify(name)} — rename it`,
    );
  }
}
