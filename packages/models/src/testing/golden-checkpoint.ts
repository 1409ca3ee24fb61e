import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { nameOf, type Value } from '@rag/onnx';
import { Tensor } from 'onnxruntime-node';
import { architectures } from '../arch/index.js';
import { openCheckpoint } from '../checkpoint.js';
import { parseEncoderConfig } from '../config.js';
import { directorySource } from '../node/directory-source.js';

export interface Dense {
  shape: number[];
  data: number[];
}
/** What scripts/golden writes of a tiny checkpoint. */
export interface Golden {
  /** Names as model.safetensors has them. */
  parameters: Record<string, number[]>;
  inputs: { input_ids: number[][]; attention_mask: number[][]; token_type_ids: number[][] };
  hidden_states: Dense[];
  logits?: Dense;
  gradients_of_logits_sum?: Record<string, Dense>;
  /** Logits [batch, ids] of a causal head behind each sequence's last token. */
  asked?: { ids: number[]; logits: Dense };
  /** Scores [batch, layers] of a layer-wise reranker behind each sequence's last token. */
  layer_scores?: { layers: number[]; scores: Dense };
  gradients_of_scores_sum?: Record<string, Dense>;
  gradients_of_asked_sum?: Record<string, Dense>;
  /** The adapter that is merged, where the file carries some. */
  task?: string;
}

/** The fixture's padded batch as packed rows and one filler, or with every padding cell as a row of its own. */
export function feedsOf({ inputs }: Golden, mode: 'packed' | 'padded'): Record<string, Tensor> {
  const batch = inputs.input_ids.length;
  const seq = inputs.input_ids[0]!.length;
  const cells = inputs.attention_mask.flatMap((row, b) =>
    row.flatMap((real, t) => (real === 1 || mode === 'padded' ? [{ b, t }] : [])),
  );
  const filler = cells.length;
  const block = new Array<number>(batch * seq).fill(filler);
  for (const [i, { b, t }] of cells.entries()) block[b * seq + t] = i;
  const free = Math.max(0, block.indexOf(filler));
  const int64 = (values: number[], dims: number[]) =>
    new Tensor('int64', BigInt64Array.from(values.map(BigInt)), dims);
  const perToken = (of: (b: number, t: number) => number) =>
    int64([...cells.map(({ b, t }) => of(b, t)), 0], [filler + 1]);
  return {
    input_ids: perToken((b, t) => inputs.input_ids[b]![t]!),
    token_type_ids: perToken((b, t) => inputs.token_type_ids[b]![t]!),
    position_ids: perToken((_, t) => t),
    block_index: int64(block, [batch, seq]),
    token_index: int64([...cells.map(({ b, t }) => b * seq + t), free], [filler + 1]),
    attention_mask: new Tensor('float32', Float32Array.from(inputs.attention_mask.flat()), [batch, seq]),
    first_token: int64(
      inputs.input_ids.map((_, b) => block[b * seq]!),
      [batch],
    ),
  };
}

/** Largest |a − b| of the real tokens, whose rows are packed in `ours`. */
export function worstRow(ours: Float32Array, theirs: Dense, { inputs }: Golden): number {
  const width = theirs.shape.at(-1)!;
  const rows = inputs.attention_mask.flat().flatMap((real, cell) => (real === 1 ? [cell] : []));
  return Math.max(
    ...rows.flatMap((cell, i) =>
      Array.from({ length: width }, (_, f) =>
        Math.abs(ours[i * width + f]! - theirs.data[cell * width + f]!),
      ),
    ),
  );
}

/** Largest |a − b|. */
export const worst = (ours: ArrayLike<number>, theirs: ArrayLike<number>): number =>
  Math.max(...Array.from(theirs, (value, i) => Math.abs(ours[i]! - value)));

/** A fixture's numbers, its config, and its tensors as feeds. */
export async function loadGolden(name: string) {
  const folder = new URL(`../fixtures/${name}/`, import.meta.url);
  const golden: Golden = JSON.parse(readFileSync(new URL('golden.json', folder), 'utf8'));
  const checkpoint = await openCheckpoint(await directorySource(fileURLToPath(folder)));
  const config = parseEncoderConfig(checkpoint.config);
  const { plainTensors } = architectures[config.model_type];
  const tensors = plainTensors?.(checkpoint.tensors, checkpoint.config, golden.task) ?? checkpoint.tensors;
  const weights = async (parameters: readonly Value[]) =>
    Object.fromEntries(
      await Promise.all(
        parameters.map(
          async (value) =>
            [
              nameOf(value),
              new Tensor('float32', await tensors.read(nameOf(value)), value.shape as number[]),
            ] as const,
        ),
      ),
    );
  return { golden, config, weights };
}
