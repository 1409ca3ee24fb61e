import { type ModelCard, modelCardName } from './model-card.js';

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
  const { base, onnx } = card;
  const { library_name, pipeline_tag, tags } = hubTask(card);
  const { language = [], ...licence } = base.facts ?? {};
  const all = [...tags, 'generated_from_trainer', ...(onnx ? ['onnx', 'transformers.js'] : [])];
  return [
    '---',
    ...(language.length > 0 ? ['language:', ...list(language)] : []),
    ...Object.entries(licence).map(([key, value]) => `${key}: ${scalar(value)}`),
    `library_name: ${scalar(library_name)}`,
    `pipeline_tag: ${pipeline_tag}`,
    'tags:',
    ...list(all),
    // Only names of the hub may stand here.
    ...(base.commit === undefined
      ? []
      : [`base_model: ${scalar(base.name)}`, 'base_model_relation: finetune']),
    ...modelIndex(card, pipeline_tag),
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
