import { type ModelCard, modelCardName } from './model-card.js';
import type { ModelCardFacts } from './model-card-facts.js';

interface HubTask {
  readonly library_name: string;
  readonly pipeline_tag: string;
  readonly tags: readonly string[];
}

/** What the hub files a model under, as its library's own cards say it (sentence-transformers 5, PyLate 1). */
function hubTask({ task, layout }: Pick<ModelCard, 'task' | 'layout'>): HubTask {
  if (task === 'reranker')
    return {
      library_name: 'sentence-transformers',
      pipeline_tag: 'text-ranking',
      tags: ['sentence-transformers', 'cross-encoder', 'reranker'],
    };
  if (task === 'embedding')
    return {
      library_name: 'sentence-transformers',
      pipeline_tag: 'sentence-similarity',
      tags: ['sentence-transformers', 'sentence-similarity', 'feature-extraction'],
    };
  if (layout === 'pylate')
    return {
      library_name: 'PyLate',
      pipeline_tag: 'sentence-similarity',
      tags: ['ColBERT', 'PyLate', 'sentence-transformers', 'sentence-similarity', 'feature-extraction'],
    };
  return {
    library_name: 'transformers',
    pipeline_tag: 'feature-extraction',
    tags: ['ColBERT', 'late-interaction'],
  };
}

/**
 * The front matter of a card (https://huggingface.co/docs/hub/model-cards, model-index:
 * https://github.com/huggingface/hub-docs/blob/main/modelcard.md). The base's licence and languages are repeated; one that states
 * none leaves the lines out.
 */
export function modelCardMatter(card: ModelCard): string {
  const { base, task, layout, onnx } = card;
  return frontMatter({
    ...{ task, onnx, tags: ['generated_from_trainer'] },
    ...(layout && { layout }),
    ...(base.facts && { facts: base.facts }),
    // Only names of the hub may stand here.
    ...(base.commit !== undefined && { baseModels: [base.name], relation: 'finetune' }),
    more: (type) => modelIndex(card, type),
  });
}

/** What front matter is made of; a model without a class here has no task. */
interface Matter extends Partial<Pick<ModelCard, 'task' | 'layout'>>, Pick<ModelCard, 'onnx'> {
  readonly tags: readonly string[];
  readonly facts?: ModelCardFacts;
  /** Names of the hub. */
  readonly baseModels?: readonly string[];
  readonly relation?: string;
  more?(pipelineTag: string): string[];
}

/** The lines of a card's front matter, between two lines of `---`. */
export function frontMatter({
  task,
  layout,
  facts,
  onnx,
  baseModels = [],
  relation,
  ...rest
}: Matter): string {
  const hub = task && hubTask({ task, ...(layout && { layout }) });
  const { language = [], ...licence } = facts ?? {};
  const tags = [...(hub?.tags ?? []), ...rest.tags, ...(onnx ? ['onnx', 'transformers.js'] : [])];
  const [base] = baseModels;
  return [
    '---',
    ...(language.length > 0 ? ['language:', ...list(language)] : []),
    ...Object.entries(licence).map(([key, value]) => `${key}: ${scalar(value)}`),
    ...(hub ? [`library_name: ${scalar(hub.library_name)}`, `pipeline_tag: ${hub.pipeline_tag}`] : []),
    ...(tags.length > 0 ? ['tags:', ...list(tags)] : []),
    ...(base !== undefined && baseModels.length === 1 ? [`base_model: ${scalar(base)}`] : []),
    ...(baseModels.length > 1 ? ['base_model:', ...list(baseModels)] : []),
    ...(relation === undefined ? [] : [`base_model_relation: ${relation}`]),
    ...(hub && rest.more ? rest.more(hub.pipeline_tag) : []),
    '---',
    '',
  ].join('\n');
}

function modelIndex(card: ModelCard, type: string): string[] {
  const { metrics, val } = card;
  if (metrics.length === 0) return [];
  const data = scalar(val.map(({ file }) => file).join(', '));
  return [
    'model-index:',
    `- name: ${scalar(modelCardName(card))}`,
    '  results:',
    '  - task:',
    `      type: ${type}`,
    '    dataset:',
    // Only names of the hub's data sets would say more.
    '      type: unknown',
    `      name: ${data}`,
    '    metrics:',
    ...metrics.flatMap(({ name, mean }) => [`    - type: ${scalar(name)}`, `      value: ${mean}`]),
  ];
}

const list = (values: readonly string[]): string[] => values.map((value) => `- ${scalar(value)}`);

/** Words that YAML 1.1 reads as something else, such as Norway's language. */
const RESERVED = /^(?:y|n|yes|no|on|off|true|false|null)$/i;

/** What JSON leaves as it is and YAML takes for the end of a line, or not at all. */
const UNSAFE = /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g;
const unicodeEscape = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** A YAML scalar: plain where nothing in it could be read as anything but text, else JSON's string, which is YAML's too. */
const scalar = (value: string): string =>
  /^[A-Za-z][\w./-]*$/.test(value) && !RESERVED.test(value)
    ? value
    : JSON.stringify(value).replace(UNSAFE, unicodeEscape);
