import type { ModelCardFacts } from './model-card-facts.js';
import { modelCardMatter } from './model-card-matter.js';
import { modelCardUse } from './model-card-use.js';

/** The file of a model directory that records how the model was trained. */
export const TRAINING_CONFIG_FILE = 'training_config.json';

/** A file of rows or vectors, without the place where it lay. */
export interface ModelCardData {
  readonly file: string;
  readonly bytes: number;
  /** Lines that are not blank; absent for a file that has none. */
  readonly rows?: number;
  readonly sha256: string;
}

/** A metric over held-out rows: the mean over queries with its 95 % interval, and what it was before training. */
export interface ModelCardMetric {
  readonly name: string;
  readonly mean: number;
  readonly low?: number;
  readonly high?: number;
  readonly before?: number;
  /** What word overlap and random order give on the same rows. */
  readonly bm25?: number;
  readonly chance?: number;
}

/** What a model card is made of. */
export interface ModelCard {
  readonly task: 'reranker' | 'embedding' | 'colbert';
  /** Which tools open a ColBERT model's projection. */
  readonly layout?: 'rag-retrieval' | 'colbertv2' | 'pylate';
  /** True for a reranker that is a language model, whose pairs are written as reranker_config.json says. */
  readonly decoder?: boolean;
  /** The model that training started from: a name of the hub with its commit and what its card states, or the last part of a path. */
  readonly base: { readonly name: string; readonly commit?: string; readonly facts?: ModelCardFacts };
  readonly modelType: string;
  readonly parameters: number;
  /** True where `onnx/model.onnx` is there. */
  readonly onnx: boolean;
  /** Program and version, e.g. `@rag/train 1.0.0`. */
  readonly tool: string;
  /** The settings that were given, by the keys of files. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly train: readonly ModelCardData[];
  readonly val: readonly ModelCardData[];
  readonly result: { readonly updates: number; readonly tokens: number; readonly meanLoss: number };
  readonly metrics: readonly ModelCardMetric[];
}

/** What a model of each task is, in words. */
export const KINDS = {
  reranker: 'A reranker (cross-encoder): it reads a query and a passage together and gives one score',
  embedding: 'An embedding model: one vector per text, compared by cosine similarity',
  colbert: 'A ColBERT model: one vector per token, compared by late interaction',
};

/** The heading of a model, which the metrics in its front matter name too. */
export const modelCardName = ({ base, task }: Pick<ModelCard, 'base' | 'task'>): string =>
  `${base.name.split('/').at(-1)} ${task}`;

/** The text of README.md: front matter as the hub reads it, then what the model is, how to open it, how it was trained, how good it is. */
export function modelCard(card: ModelCard): string {
  const { base, task, tool, modelType, parameters } = card;
  const started = base.commit === undefined ? escaped(base.name) : `${base.name} at commit ${base.commit}`;
  const about = `${KINDS[task]}. Trained from ${started} (${modelType}, ${counted(parameters)} parameters) by ${tool}.`;
  const files = [...card.train.map((file) => ['training', file] as const)];
  const held = card.val.map((file) => [isTrainedOn(card, file) ? TRAINED_ON : 'held out', file] as const);
  return [
    `${modelCardMatter(card)}\n# ${escaped(modelCardName(card))}`,
    about,
    modelCardUse(card),
    '## Training',
    `${card.result.updates} updates over ${card.result.tokens} tokens, mean loss ${card.result.meanLoss.toFixed(4)}. Settings that were given; \`${TRAINING_CONFIG_FILE}\` has all of them:`,
    table(
      ['setting', 'value'],
      Object.entries(card.settings).map(([key, value]) => [`\`${key}\``, shown(value)]),
    ),
    table(
      ['data', 'file', 'rows', 'bytes', 'sha256'],
      [...files, ...held].map(([use, { file, rows, bytes, sha256 }]) => [
        use,
        escaped(file),
        `${rows ?? '–'}`,
        `${bytes}`,
        `\`${sha256}\``,
      ]),
    ),
    ...(card.metrics.length > 0 ? ['## Evaluation', evaluation(card)] : []),
  ]
    .join('\n\n')
    .concat('\n');
}

/** What a file of evaluation is called whose bytes were trained on: metrics on it say nothing of other queries. */
const TRAINED_ON = 'the training file itself';
const isTrainedOn = ({ train }: Pick<ModelCard, 'train'>, { sha256 }: ModelCardData): boolean =>
  train.some((data) => data.sha256 === sha256);

function evaluation({ metrics, train, val }: ModelCard): string {
  const others = (['bm25', 'chance'] as const).filter((key) =>
    metrics.some((metric) => metric[key] !== undefined),
  );
  const rows = metrics.map((metric) => [
    metric.name,
    figure(metric.before),
    figure(metric.mean),
    metric.low === undefined || metric.high === undefined
      ? '–'
      : `${figure(metric.low)} to ${figure(metric.high)}`,
    ...others.map((key) => figure(metric[key])),
  ]);
  const head = [
    'metric',
    'before',
    'after',
    '95 % interval',
    ...others.map((key) => ({ bm25: 'BM25', chance: 'chance' })[key]),
  ];
  const on = val
    .map((data) => `${escaped(data.file)}${isTrainedOn({ train }, data) ? ` (${TRAINED_ON})` : ''}`)
    .join(', ');
  return `On ${on}; intervals are bootstrapped over queries.\n\n${table(head, rows)}`;
}

const figure = (value: number | undefined): string => (value === undefined ? '–' : value.toFixed(4));

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** Text in a cell or a line: whatever a file is called, it stays one, and shows as it reads. */
export const escaped = (text: string): string =>
  text.replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ').replace(/[\\`*_|<>[\]&]/g, (mark) => `\\${mark}`);

const shown = (value: unknown): string => {
  if (Array.isArray(value)) return value.map(shown).join(', ');
  return escaped(typeof value === 'string' ? value : JSON.stringify(value));
};

const counted = (count: number): string => (count < 1e6 ? `${count}` : `${(count / 1e6).toFixed(1)} M`);
