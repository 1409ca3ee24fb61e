import {
  type Checkpoint,
  type EncoderConfig,
  type FileModel,
  longestSequence,
  modelWithWeights,
  OnnxFileError,
  OptionError,
  openFileModel,
  outputOf,
  weightsInFile,
} from '@rag/models';
import { chooseProvider, createSession, sessionOptions, Tensor, tensorsOf } from '@rag/runtime';
import { colbertGraph, projectionGraph } from './colbert-graph.js';
import type { FromPretrainedOptions } from './colbert-options.js';
import { checkSettings, dimensionOf, linearProjection } from './colbert-settings.js';
import { readDirectorySettings } from './directory-settings.js';
import { openMaxSim } from './max-sim.js';
import { type BatchRunner, checkedTokenizer, type OpenedColbert } from './open-colbert.js';
import { type Projection, readProjection } from './read-projection.js';

/**
 * A ColBERT model that is the ONNX file of its checkpoint, whoever exported it: fed padded int64 `input_ids`, `attention_mask` and, where it
 * asks for them, `token_type_ids` and `position_ids`. Its vectors are `token_embeddings`, or an only output, where that has the width of the
 * projection (ours have, of L2 norm 1); else the directory's projection over `last_hidden_state`, or over what has the encoder's width.
 * @throws OnnxFileError for a file that is refused and for a graph of other inputs or outputs; OptionError for options that need weights
 */
export async function openColbertFile(
  checkpoint: Checkpoint,
  path: string,
  config: EncoderConfig,
  options: FromPretrainedOptions,
): Promise<OpenedColbert> {
  const { source, tokenizerFiles } = checkpoint;
  if (options.newHead === true)
    throw new OptionError(
      'newHead',
      `expected weights to put a fresh projection on, got the ONNX file ${path}`,
      'open the checkpoint that it was exported from',
    );
  const longest = longestSequence(config);
  const directory = await readDirectorySettings(source, checkpoint.config, longest);
  const stored = await readProjection(checkpoint, directory);
  const file = await openFileModel(
    source,
    path,
    config,
    async ({ model, ...folder }) => {
      const session = await createSession(model, { ...sessionOptions(options), ...folder });
      return { ...session, run: (feeds, outputs) => session.run(tensorsOf(feeds), outputs) };
    },
    options.provider,
  );
  const opened: { dispose(): void }[] = [file];
  try {
    const { name, dim, isProjected } = tokenOutput(file, config.hidden_size, stored);
    const projection = stored?.layers ?? linearProjection(config.hidden_size, dim, false);
    if (options.colbertDim !== undefined && options.colbertDim !== dim)
      throw new OptionError(
        'colbertDim',
        `expected ${dim}, the width of the vectors of ${path}, got ${options.colbertDim}`,
        'leave it out',
      );
    const settings = checkSettings({ ...directory.settings, projection }, config.hidden_size, longest);
    const made = { config, settings, stated: directory.stated, tokenizerFiles, pooler: new Map() };
    const tokenizer = checkedTokenizer(made, options);
    let runner: BatchRunner = projectedRunner(file, name, dim);
    if (!isProjected) {
      const weights = new Map([...stored!.weights].map(([key, data]) => [key, { data }]));
      const head = await createSession(
        modelWithWeights(projectionGraph(config, settings), weights),
        sessionOptions(options),
      );
      opened.push(head);
      runner = {
        async run(feeds) {
          const hidden = await rowsOf(file, name, feeds, config.hidden_size);
          return head.run({ hidden, token_mask: feeds.token_mask! });
        },
        dispose() {
          file.dispose();
          head.dispose();
        },
      };
    }
    const maxSim = await openMaxSim(dimensionOf(settings), sessionOptions(options));
    const weights = weightsInFile(path);
    const graph = colbertGraph(config, settings);
    const { compat = false } = options;
    const beside = isProjected ? {} : { projection: stored!.weights };
    return {
      ...made,
      weights,
      tokenizer,
      graph,
      runner,
      provider: await chooseProvider(options.provider ?? 'cpu'),
      maxSim,
      compat,
      onnx: path,
      output: name,
      ...beside,
    };
  } catch (error) {
    for (const session of opened) session.dispose();
    throw error;
  }
}

/** Which output has the vectors of tokens, how wide they are in the end, and whether the projection is in the file. */
function tokenOutput(
  file: FileModel,
  hidden: number,
  stored: Projection | undefined,
): { name: string; dim: number; isProjected: boolean } {
  const dim = stored?.layers.at(-1)?.out;
  const has = (wanted: string) => file.outputs.find(({ name }) => name === wanted);
  const own = has('token_embeddings');
  const output = own ?? outputOf(file, ['last_hidden_state'], ['batch', 'seq', 'hidden']);
  const width = output.shape[2];
  // Both names are of our exports: then token_embeddings are projected, were they as wide as the encoder.
  const isProjected =
    (own !== undefined && has('last_hidden_state') !== undefined) ||
    (width !== hidden && typeof width === 'number');
  if (isProjected && typeof width === 'number' && (dim ?? width) === width)
    return { name: output.name, dim: width, isProjected };
  if (!isProjected && dim !== undefined) return { name: output.name, dim, isProjected };
  throw new OnnxFileError(
    file.path,
    `expected token vectors of the projection's width ${dim ?? ''}, or the encoder's (${hidden}) and a projection beside the file, got "${output.name}" [${output.shape.map((size) => size || '?').join(', ')}] and ${dim === undefined ? 'no projection' : 'a projection'} in the directory — open the checkpoint that it was exported from`,
  );
}

/** The rows [tokens, width] of an output over a packed batch. */
async function rowsOf(
  file: FileModel,
  name: string,
  feeds: Readonly<Record<string, Tensor>>,
  width: number,
): Promise<Tensor> {
  const output = await file.run(feeds, name);
  if (output.shape.length !== 3 || output.shape[2] !== width)
    throw new OnnxFileError(
      file.path,
      `expected "${name}" [batch, seq, ${width}], got [${output.shape.join(', ')}] — use the file that belongs to the directory`,
    );
  const rows = output.rows();
  return new Tensor('float32', [rows.length / width, width], rows);
}

/** Vectors of L2 norm 1, those of masked tokens zero, as our own graph gives them. */
const projectedRunner = (file: FileModel & { dispose(): void }, name: string, dim: number): BatchRunner => ({
  async run(feeds) {
    const vectors = await rowsOf(file, name, feeds, dim);
    const [data, mask] = [vectors.data as Float32Array, feeds.token_mask!.data as Float32Array];
    for (let row = 0; row < mask.length; row++) {
      const vector = data.subarray(row * dim, (row + 1) * dim);
      const norm = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
      // What is infinite or no number becomes NaN, for the check of what comes out.
      if (mask[row] === 0 || norm === 0) vector.fill(0);
      else for (let i = 0; i < dim; i++) vector[i]! /= norm;
    }
    return { vectors };
  },
  dispose: () => file.dispose(),
});
