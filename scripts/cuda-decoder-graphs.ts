import {
  architectures,
  type Dropout,
  type EncoderConfig,
  isLoraParameter,
  loraLayers,
  MODEL_TYPES,
  type NarrowDtype,
  narrowWeights,
  type ParameterOptions,
  type ParameterStorage,
  singlePrecision,
} from '../packages/models/src/index.js';
import { type DType, dtypes, optimize } from '../packages/onnx/src/index.js';
import { answerScores, headLayers, layerwiseScores } from '../packages/reranker/src/answer-scores.js';
import { classifierConfig } from '../packages/reranker/src/classifier-config.js';
import { paddedScoresGraph, type Scores, scoresGraph } from '../packages/reranker/src/score-model.js';
import { type RerankerLoss, rerankerObjective } from '../packages/reranker/src/training/objective.js';
import type { CompileOptions, Objective } from '../packages/runtime/src/index.js';
import type { Tokenizer } from '../packages/text/src/index.js';
import type { CudaGraph } from './cuda-graphs.js';

/** How a decoder is trained. */
export interface DecoderTraining {
  readonly name: string;
  readonly objective: Objective;
  readonly options: Pick<CompileOptions, 'trainable' | 'resident'>;
}

/** Types that frozen weights are stored as beside LoRA. */
export const frozenStorages: readonly ParameterStorage[] = ['float32', 'float16', 'bfloat16', 'int8', 'int4'];

/** The architectures of language models: those with a causal head, or heads behind several layers. */
export const decoderTypes = MODEL_TYPES.filter((type) => architectures[type].stages);

/** The logit of one token less that of another at the last token, or of a layer-wise model the last head's. */
export function yesNoScores(config: EncoderConfig): Scores {
  const byLayer = layerwiseScores(config);
  if (byLayer) return byLayer(headLayers(config).slice(-1));
  const tokenizer = { vocabSize: config.vocab_size, unkId: -1 } as Tokenizer;
  return answerScores(config, tokenizer, { true_token: 3, false_token: 4 });
}

/** LoRA beside every projection, with dropout, over matrices that are stored so. */
const adapted = (storage: ParameterStorage, dropout: Dropout): ParameterOptions => ({
  storage: (name, shape) => (shape.length === 2 && !isLoraParameter(name) ? storage : 'float32'),
  lora: loraLayers(
    { r: 2, lora_alpha: 4, lora_dropout: 0.1, target_modules: ['q_proj', 'v_proj', 'down_proj'] },
    { dropout },
  ),
});

/** Frozen parameters, all zero: only their types matter here. */
function zeros(name: string, { dtype, shape }: { readonly dtype: DType; readonly shape: readonly number[] }) {
  if (isLoraParameter(name)) return undefined;
  const bytes = shape.reduce((a, b) => a * b, dtypes[dtype].bytes);
  return { dtype, shape, data: new dtypes[dtype].array(new ArrayBuffer(bytes)) };
}

/**
 * A decoder's ways of training beside the whole one of every parameter: the answer's logit, LoRA over frozen weights of each storage, and cut between
 * layers.
 */
export function decoderTrainings(
  config: EncoderConfig,
  loss: RerankerLoss,
  storages: readonly ParameterStorage[] = frozenStorages,
): DecoderTraining[] {
  const yesNo = yesNoScores(config);
  const classifier = classifierConfig(config);
  return [
    { name: 'yes/no', objective: rerankerObjective({ config, loss, scores: yesNo }), options: {} },
    {
      name: 'layer by layer',
      objective: rerankerObjective({ config: classifier, loss, layerSplit: true }),
      options: {},
    },
    ...storages.map((storage) => ({
      name: `LoRA over ${storage}, layer by layer`,
      objective: rerankerObjective({
        config,
        loss,
        scores: yesNo,
        layerSplit: true,
        parameters: (dropout) => adapted(storage, dropout),
      }),
      options: {
        trainable: isLoraParameter,
        resident: zeros,
      },
    })),
  ];
}

/** What serves and what exports a reranker that answers yes or no. */
export function yesNoGraphs(
  name: string,
  config: EncoderConfig,
  narrowings: readonly NarrowDtype[],
): CudaGraph[] {
  const scores = yesNoScores(config);
  const padded = paddedScoresGraph(config, scores);
  const read = async (): Promise<never> => {
    throw new Error('expected no weight to be read');
  };
  const graph = (kind: string, made: CudaGraph['graph']): CudaGraph => ({
    name: `${name}: yes/no, ${kind}`,
    graph: made,
    weights: 'initializers',
  });
  return [
    graph('packed', optimize(scoresGraph(scores), 'cuda')),
    graph('padded', optimize(padded, 'cuda')),
    ...narrowings.map((dtype) => graph(dtype, narrowWeights(singlePrecision(padded, read), dtype).graph)),
  ];
}
