import { type FileSource, FileSourceError } from './file-source.js';
import { GOLDEN_FILE } from './golden.js';
import { escaped, KINDS, type ModelCard } from './model-card.js';
import { isLicenceFile, MODEL_CARD_FILE, type ModelCardFacts, readCard } from './model-card-facts.js';
import { frontMatter } from './model-card-matter.js';
import { modelCardUse } from './model-card-use.js';
import type { ModelTask } from './model-task.js';

/** A checkpoint that is about to be written. */
interface ToWrite {
  readonly config: Readonly<Record<string, unknown>>;
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

/** What a saved model is, and what it was made of: none, one, or the parts of a mix. */
export interface CardOrigin {
  readonly task: ModelTask;
  readonly sources: readonly FileSource[];
}

/** Bytes of a licence, at most. */
const LARGEST_LICENCE = 1 << 22;

/**
 * Adds a model card, and the licence files of the model that it was made of. The card is a new one: it repeats licence, languages and
 * base_model, says how the directory is opened, and claims nothing that was measured on other weights or holds for files that are not written.
 * Where a mix's parts state other licences none is repeated; the card lists them, and no licence file is copied.
 * @throws FileSourceError for a licence file above 4 MiB, and where one cannot be read
 */
export async function withPlainCard<Made extends ToWrite>(
  made: Made,
  { task, sources }: CardOrigin,
): Promise<Made & { readonly files: Readonly<Record<string, string | Uint8Array>> }> {
  const cards = [];
  for (const source of sources) {
    const { facts, baseModels } = await readCard(source);
    const id = 'id' in source && typeof source.id === 'string' ? [source.id] : undefined;
    cards.push({ facts, bases: id ?? baseModels });
  }
  const { language: _, ...licence } = cards[0]?.facts ?? { language: [] };
  const agreed = cards.every(({ facts }) => facts.license === licence.license);
  const facts: ModelCardFacts = {
    ...(agreed && licence),
    language: [...new Set(cards.flatMap((card) => card.facts.language))],
  };
  const baseModels = [...new Set(cards.flatMap(({ bases }) => bases))];
  const known = task in KINDS ? (task as keyof typeof KINDS) : undefined;
  const files = made.files ?? {};
  const opened = known && { task: known, layout: layoutOf(files), onnx: false };
  const modelType = String(made.config.model_type);
  const name = baseModels.length === 1 ? baseModels[0]!.split('/').at(-1)! : modelType;
  const from = baseModels.length === 0 ? '' : ` Made from ${baseModels.map(escaped).join(', ')}.`;
  const text = [
    `${frontMatter({ ...opened, onnx: false, facts, baseModels, tags: [] })}\n# ${escaped(name)} ${task}`,
    `${known ? KINDS[known] : `A model of task ${task}`} (${escaped(modelType)}).${from} No metrics of these weights were recorded.`,
    ...(agreed ? [] : [`Its parts state different licences: ${licences(cards)}.`]),
    ...(opened ? [modelCardUse({ ...opened, golden: Object.hasOwn(files, GOLDEN_FILE) })] : []),
  ];
  const card = { [MODEL_CARD_FILE]: `${text.join('\n\n')}\n` };
  const licenceFiles = agreed && sources[0] ? await licenceFilesOf(sources[0]) : {};
  return { ...made, files: { ...files, ...licenceFiles, ...card } };
}

/** Which of ColBERT's layouts files are of. */
const layoutOf = (files: object): NonNullable<ModelCard['layout']> =>
  Object.hasOwn(files, 'modules.json')
    ? 'pylate'
    : Object.hasOwn(files, 'artifact.metadata')
      ? 'colbertv2'
      : 'rag-retrieval';

const licences = (cards: readonly { readonly facts: ModelCardFacts }[]): string =>
  cards.map(({ facts }) => escaped(facts.license_name ?? facts.license ?? 'none')).join(', ');

async function licenceFilesOf(source: FileSource): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  for (const name of (await source.list()).filter(isLicenceFile)) {
    const size = await source.size(name);
    if (size > LARGEST_LICENCE)
      throw new FileSourceError(
        name,
        `${name}: expected a licence of at most ${LARGEST_LICENCE} bytes, got ${size} — rename the file if it is none`,
      );
    files[name] = await source.read(name, 0, size);
  }
  return files;
}
