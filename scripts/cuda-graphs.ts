import { readFileSync } from 'node:fs';
import { colbertGraph, paddedColbertGraph, projectionGraph } from '../packages/colbert/src/colbert-graph.js';
import { linearProjection, ragRetrievalSettings } from '../packages/colbert/src/colbert-settings.js';
import { type ColbertLoss, colbertObjective } from '../packages/colbert/src/training/objective.js';
import {
  embeddingGraph,
  headGraph,
  paddedEmbeddingGraph,
} from '../packages/embedding/src/embedding-graph.js';
import {
  DENSE_ACTIVATIONS,
  type EmbeddingHead,
  POOLING_MODES,
} from '../packages/embedding/src/embedding-head.js';
import { distillHead, mrlHead } from '../packages/embedding/src/training/heads.js';
import { type EmbeddingLoss, embeddingObjective } from '../packages/embedding/src/training/objective.js';
import { namedLosses } from '../packages/losses/src/names.js';
import {
  type EncoderConfig,
  MODEL_TYPES,
  type NarrowDtype,
  narrowWeights,
  parseEncoderConfig,
  singlePrecision,
} from '../packages/models/src/index.js';
import { decodeModel, type Graph, matmul, optimize, trace, transpose } from '../packages/onnx/src/index.js';
import { classifierConfig } from '../packages/reranker/src/classifier-config.js';
import { classifierGraph, classifierScores } from '../packages/reranker/src/classifier-graph.js';
import { paddedScoresGraph } from '../packages/reranker/src/score-model.js';
import { type RerankerLoss, rerankerObjective } from '../packages/reranker/src/training/objective.js';
import { type CompileOptions, compile, type Objective } from '../packages/runtime/src/index.js';
import { adamWModel, squareSumModel } from '../packages/runtime/src/training/device-optimizer.js';
import { lowerForward, lowerTraining } from '../packages/runtime/src/training/lower.js';
import { narrowPrecision, type Precision } from '../packages/runtime/src/training/precision.js';

/** A graph as the CUDA provider gets it. */
export interface CudaGraph {
  readonly name: string;
  readonly graph: Graph;
  /** Whether its weights are fed, as in training, or are initializers, as in serving. */
  readonly weights: 'inputs' | 'initializers';
}

/**
 * The configurations that @rag/models holds against transformers, with dropout wherever a type has one and without, and the variants of a type that
 * compute something else.
 */
const VARIANTS = [
  'deberta-v2-unshared',
  'gemma3_text-bidirectional',
  'jina_bert-qk-post-norm',
  'jina_bert-reglu',
  'modernbert-biased',
  'qwen2-bidirectional',
];

export const configurations: readonly string[] = [...MODEL_TYPES, ...VARIANTS];

/** A configuration with dropout; of one layer where losses and heads are what differs. */
export function configurationOf(name: string, layers?: number): EncoderConfig {
  const file = new URL(`../packages/models/src/fixtures/${name}/config.json`, import.meta.url);
  const json: Record<string, unknown> = JSON.parse(readFileSync(file, 'utf8'));
  for (const [key, value] of Object.entries(json))
    if (/dropout/.test(key) && typeof value === 'number') json[key] = 0.1;
  return { ...parseEncoderConfig(json), ...(layers && { num_hidden_layers: layers }) };
}

type Named<T> = readonly [name: string, value: T];

/** Every loss that `rag train reranker` takes by name. */
export function rerankerLosses(): Named<RerankerLoss>[] {
  return namedLosses.flatMap((named): Named<RerankerLoss>[] => {
    const [name] = named.names;
    if (named.kind === 'pointwise') return [[name, { kind: 'pointwise', loss: named.loss }]];
    if (named.kind !== 'group') return [];
    const { kind, loss, teacher } = named;
    return [
      ...(teacher === 'required' ? [] : [[name, { kind, loss }] as const]),
      ...(teacher === 'none' ? [] : [[`${name} with a teacher`, { kind, loss, teacher: true }] as const]),
    ];
  });
}

const TEACHER_WIDTH = 24;

/** Every loss of embedding models, at full width and cut to several, over the heads that training makes for it. */
function embeddingTasks(config: EncoderConfig): Named<{ head: EmbeddingHead; loss: EmbeddingLoss }>[] {
  const plain: EmbeddingHead = { pooling: ['mean'], dense: [], normalize: true };
  const mrlDims = [4, 8];
  const cut = mrlHead(config, plain, mrlDims);
  const student = distillHead(config, plain, TEACHER_WIDTH);
  const losses: readonly Exclude<EmbeddingLoss, { kind: 'distill' }>[] = [
    { kind: 'in-batch' },
    { kind: 'scored' },
    { kind: 'scored', compat: true },
    { kind: 'margin-mse' },
    { kind: 'cosent' },
    { kind: 'angle' },
  ];
  return [
    ...losses.flatMap((loss): Named<{ head: EmbeddingHead; loss: EmbeddingLoss }>[] => {
      const name = `${loss.kind}${'compat' in loss ? ' compat' : ''}`;
      return [
        [name, { head: plain, loss }],
        [`${name} matryoshka`, { head: cut, loss: { ...loss, mrlDims } }],
      ];
    }),
    ['distill', { head: student, loss: { kind: 'distill', teacherWidth: TEACHER_WIDTH } }],
    [
      'distill matryoshka',
      { head: student, loss: { kind: 'distill', teacherWidth: TEACHER_WIDTH, mrlDims } },
    ],
  ];
}

/** Every pooling, alone and joined, and every activation of a Dense. */
function embeddingHeads(config: EncoderConfig): Named<EmbeddingHead>[] {
  const dense = (activation: (typeof DENSE_ACTIVATIONS)[number]) =>
    ({ name: '2_Dense', in: config.hidden_size, out: 8, bias: activation !== 'relu', activation }) as const;
  return [
    ...POOLING_MODES.map((mode) => [mode, { pooling: [mode], dense: [], normalize: true }] as const),
    ['max and mean', { pooling: ['max', 'mean'], dense: [], normalize: false }],
    ['without prompt', { pooling: ['mean'], dense: [], normalize: true, includePrompt: false }],
    ...DENSE_ACTIVATIONS.map(
      (activation) =>
        [`dense ${activation}`, { pooling: ['mean'], dense: [dense(activation)], normalize: true }] as const,
    ),
  ];
}

const colbertSettings = (config: EncoderConfig) =>
  ragRetrievalSettings(linearProjection(config.hidden_size, 8, true), 64);

/** Objectives over one architecture: every one, or one of each task, for what architectures differ in, or a reranker's alone. */
export function objectives(config: EncoderConfig, which: 'all' | 'tasks' | 'reranker'): Named<Objective>[] {
  const classifier = classifierConfig(config);
  const colbert = { config, settings: colbertSettings(config) };
  const lossesOfColbert: readonly ColbertLoss[] = [{ kind: 'in-batch' }, { kind: 'scored' }];
  const all: Named<Objective>[] = [
    ...rerankerLosses().map(
      ([loss, value]) =>
        [`reranker ${loss}`, rerankerObjective({ config: classifier, loss: value })] as const,
    ),
    ...[false, true].flatMap((gradCache) => {
      const suffix = gradCache ? ' in chunks' : '';
      return [
        ...embeddingTasks(config).map(
          ([loss, task]) =>
            [`embedding ${loss}${suffix}`, embeddingObjective({ config, ...task, gradCache })] as const,
        ),
        ...lossesOfColbert.map(
          (loss) =>
            [`colbert ${loss.kind}${suffix}`, colbertObjective({ ...colbert, loss, gradCache })] as const,
        ),
      ];
    }),
    ...embeddingHeads(config)
      .filter(([, head]) => head.includePrompt !== false)
      .map(
        ([head, value]) =>
          [
            `embedding ${head}`,
            embeddingObjective({ config, head: value, loss: { kind: 'in-batch' } }),
          ] as const,
      ),
  ];
  const tasks = ['reranker pointwise_bce', 'embedding in-batch in chunks', 'colbert in-batch'];
  const wanted = { all: undefined, tasks, reranker: tasks.slice(0, 1) }[which];
  return all.filter(([task]) => wanted?.includes(task) ?? true);
}

/** Number formats that CUDA trains in. */
export const precisions: readonly Precision[] = ['fp32', 'fp16', 'bf16'];

/** The graphs that training one objective runs: forward and backward into empty and into filled buffers, forward to a cut, evaluation. */
export function trainingGraphs(
  name: string,
  objective: Objective,
  precision: Precision,
  options: Pick<CompileOptions, 'trainable' | 'resident'> = {},
): CudaGraph[] {
  const narrow = narrowPrecision({ precision });
  const plan = compile(objective, { initial: (_, shape) => zeros(shape), optimizer: {}, ...options });
  // Segments that are one kind have one model.
  const kinds = new Map(plan.segments.map((segment) => [segment.evalModel, segment]));
  return [...kinds.values()].flatMap(({ name: segment, trainingModel, evalModel, forwardModel }) => {
    const lowered: Named<Uint8Array>[] = [
      ['evaluation', lowerForward(evalModel, 'cuda', narrow)],
      ...(forwardModel ? [['forward', lowerForward(forwardModel, 'cuda', narrow)] as const] : []),
    ];
    // What lies before every trained parameter has no backward.
    if (trainingModel)
      lowered.push(
        ['backward', lowerTraining(trainingModel, 'overwrite', 'cuda', narrow)],
        ['backward, added up', lowerTraining(trainingModel, 'add', 'cuda', narrow)],
      );
    return lowered.map(
      ([kind, model]): CudaGraph => ({
        name: `${name}, ${precision}, ${segment}, ${kind}`,
        graph: decodeModel(model).graph,
        weights: 'inputs',
      }),
    );
  });
}

/** The graphs of an update: the gradients' common norm, and AdamW; parameters of every rank, in two groups. */
export function updateGraphs(): CudaGraph[] {
  const parameters = [[], [8], [8, 4], [2, 8, 4]].map((shape, i) => ({
    name: `rank${i}`,
    shape,
    group: i % 2,
  }));
  const models: Named<Uint8Array>[] = [
    ['AdamW', adamWModel(parameters, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 })],
    ["the gradients' norm", squareSumModel(parameters)],
  ];
  return models.map(([kind, model]) => ({
    name: `update: ${kind}`,
    graph: decodeModel(model).graph,
    weights: 'inputs',
  }));
}

const zeros = (shape: readonly number[]): Float32Array => new Float32Array(shape.reduce((a, b) => a * b, 1));

/** The graphs that serve one architecture, packed and padded; with every head unless `few`. */
export function servingGraphs(name: string, config: EncoderConfig, few: boolean): CudaGraph[] {
  const settings = colbertSettings(config);
  const heads = embeddingHeads(config).slice(0, few ? 1 : undefined);
  const graphs: Named<Graph>[] = [
    ['classifier', classifierGraph(classifierConfig(config), 1)],
    ['classifier, padded', paddedScoresGraph(config, classifierScores(classifierConfig(config)))],
    ['colbert', colbertGraph(config, settings)],
    ['colbert, padded', paddedColbertGraph(config, settings)],
    ['colbert, projection', projectionGraph(config, settings)],
    ...heads.flatMap(([head, value]): Named<Graph>[] => [
      [`embedding ${head}`, embeddingGraph(config, value)],
      [`embedding ${head}, padded`, paddedEmbeddingGraph(config, value)],
      [`embedding ${head}, head`, headGraph(config, value)],
    ]),
  ];
  return graphs.map(([kind, graph]) => ({
    name: `${name}: ${kind}`,
    graph: optimize(graph, 'cuda'),
    weights: 'initializers',
  }));
}

/** How exports are narrowed. */
export const narrowings: readonly NarrowDtype[] = ['fp16', 'q4', 'q8'];

/** What `exportNarrow` of the three classes writes for one architecture. */
export function narrowGraphs(name: string, config: EncoderConfig, dtype: NarrowDtype): CudaGraph[] {
  const settings = colbertSettings(config);
  const [[, head]] = embeddingHeads(config) as [Named<EmbeddingHead>];
  const graphs: Named<Graph>[] = [
    ['classifier', paddedScoresGraph(config, classifierScores(classifierConfig(config)))],
    ['colbert', paddedColbertGraph(config, settings)],
    ['embedding', paddedEmbeddingGraph(config, head)],
  ];
  const read = async (): Promise<never> => {
    throw new Error('expected no weight to be read');
  };
  return graphs.map(([kind, graph]) => ({
    name: `${name}: ${kind}, ${dtype}`,
    graph: narrowWeights(singlePrecision(graph, read), dtype).graph,
    weights: 'initializers',
  }));
}

/** Products of vectors, as search and late interaction run them. */
export function productGraph(): CudaGraph {
  const rows = (count: string) => ({ dtype: 'float32', shape: [count, 8] }) as const;
  const graph = trace({ left: rows('m'), right: rows('n') }, ({ left, right }) => ({
    products: matmul(left, transpose(right)),
  }));
  return { name: 'products of vectors', graph, weights: 'initializers' };
}
