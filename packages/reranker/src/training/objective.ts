import type { GroupLoss, Loss, PointwiseLoss } from '@rag/losses';
import {
  type Dropout,
  type EncoderConfig,
  type EncoderInputs,
  encoderInputs,
  layerCuts,
  noDropout,
  type ParameterOptions,
  parameterRoot,
  trainingDropout,
} from '@rag/models';
import { add, cast, gather, input, leavesOf, mul, reshape, split, type Value } from '@rag/onnx';
import type { Objective } from '@rag/runtime';
import { classifierScores } from '../classifier-graph.js';
import type { Scores } from '../score-model.js';

/** A loss over single pairs, or over the passages of a query. */
export type RerankerLoss =
  | { readonly kind: 'pointwise'; readonly loss: PointwiseLoss }
  | {
      readonly kind: 'group';
      readonly loss: GroupLoss;
      /** Whether the loss also reads `teacher_scores`. */
      readonly teacher?: boolean;
      /** Of a layer-wise model: whether earlier layers have the last one's scores for a teacher, which `loss` then reads. */
      readonly selfTaught?: boolean;
    };

export interface RerankerObjectiveOptions {
  readonly config: EncoderConfig;
  readonly loss: RerankerLoss;
  /** Cuts the plan between the encoder's layers, whose activations are then held one layer at a time. @default false */
  readonly layerSplit?: boolean;
  /**
   * Logits [batch, 1] of a packed batch where they are not those of the architecture's classification head: a language model's answer, or
   * an ONNX file's, whose own inputs are fed with the batch too.
   */
  readonly scores?: Scores;
  /** What stands beside the parameters, or how they are stored, in each tracing: LoRA, frozen weights in fewer bits. */
  readonly parameters?: (dropout: Dropout, inputs: EncoderInputs) => ParameterOptions;
}

/**
 * The loss of a reranker, fed by `collatePointwise` or `collateGroups`; its output `logits` is [batch]. Dropout is
 * as config.json asks, in training only. Where `scores` gives those of several layers, [batch, layers], the losses of all are added, and
 * `logits` are the last one's (FlagEmbedding's layer-wise trainer, finetune/reranker/decoder_only/layerwise/modeling.py).
 */
export function rerankerObjective({
  config,
  loss,
  layerSplit = false,
  scores = classifierScores(config),
  parameters,
}: RerankerObjectiveOptions): Objective {
  return {
    build(mode) {
      const inputs = encoderInputs();
      const dropout: Dropout = mode === 'train' ? trainingDropout() : noDropout;
      const rows = scores(parameterRoot(parameters?.(dropout, inputs)), inputs, dropout);
      const own = inputsOf(rows, [...Object.values(inputs), ...dropout.inputs]);
      const byLayer = layersOf(rows);
      const logits = byLayer.at(-1)!;
      const targets = loss.kind === 'pointwise' ? pointwiseTargets() : groupTargets(loss.teacher ?? false);
      return {
        inputs: [...Object.values(inputs), ...own, ...Object.values(targets), ...dropout.inputs],
        ...added(byLayer, loss, targets),
        outputs: { logits },
        ...(layerSplit && { cuts: layerCuts(byLayer, config.num_hidden_layers, byLayer.slice(0, -1)) }),
      };
    },
  };
}

/** Logits [batch] of each layer that has a head, in order; of columns that were joined, the columns, so that each needs its layer only. */
function layersOf(rows: Value): Value[] {
  const { source } = rows;
  if (source.kind === 'node' && source.op.opType === 'Concat' && source.attributes.axis === 1) {
    const columns = source.inputs.filter((column) => column?.shape[1] === 1);
    if (columns.length === source.inputs.length) return columns.map((column) => reshape(column!, [-1]));
  }
  const count = rows.shape[1];
  if (typeof count !== 'number' || count < 2) return [reshape(rows, [-1])];
  return split(rows, new Array<number>(count).fill(1), 1).map((one) => reshape(one, [-1]));
}

function added(byLayer: readonly Value[], loss: RerankerLoss, targets: Targets): Loss {
  const last = byLayer.at(-1)!;
  const lastLoss = applied(loss, last, targets);
  const isTaught = loss.kind === 'group' && loss.selfTaught && !targets.teacher_scores;
  const earlier = isTaught
    ? { ...targets, teacher_scores: gather(heldFixed(last), targets.group_index!) }
    : targets;
  const sums = byLayer.slice(0, -1).map((logits) => applied(loss, logits, earlier).sum);
  return { ...lastLoss, sum: sums.reduce(add, lastLoss.sum) };
}

/** A value through which no gradient flows, since integers have none: float32 from 1 on is whole in these steps, smaller is within 2⁻²³. */
const heldFixed = (x: Value): Value => mul(cast(cast(mul(x, 2 ** 23), 'int64'), x.dtype), 2 ** -23);

const inputsOf = (value: Value, known: readonly Value[]): Value[] =>
  leavesOf([value]).filter((leaf) => leaf.source.kind === 'input' && !known.includes(leaf));

type Targets = Readonly<Record<string, Value>>;

const pointwiseTargets = (): Targets => ({
  labels: input('labels', 'float32', ['batch']),
  row_weight: input('row_weight', 'float32', ['batch']),
});

function groupTargets(teacher: boolean): Targets {
  const shape = ['groups', 'size'];
  return {
    group_index: input('group_index', 'int64', shape),
    labels: input('labels', 'float32', shape),
    mask: input('mask', 'float32', shape),
    ...(teacher && { teacher_scores: input('teacher_scores', 'float32', shape) }),
  };
}

function applied(loss: RerankerLoss, logits: Value, targets: Targets): Loss {
  if (loss.kind === 'pointwise')
    return loss.loss({ logits, labels: targets.labels!, row_weight: targets.row_weight! });
  return loss.loss({
    logits: gather(logits, targets.group_index!),
    labels: targets.labels!,
    mask: targets.mask!,
    ...(targets.teacher_scores && { teacher_scores: targets.teacher_scores }),
  });
}
