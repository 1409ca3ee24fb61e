import type { Checkpoint } from '../checkpoint.js';
import { encoderConfigToJson, MODEL_TYPES, parseEncoderConfig } from '../config.js';
import { describeJson, FileSourceError, isJsonObject, MAX_JSON_DEPTH, readJson } from '../file-source.js';
import { jsonDepth } from '../json-depth.js';
import { jsonDifferences } from './json-difference.js';
import { MixError } from './mix-error.js';
import type { MixFiles } from './mix-files.js';

/** A model that is held against another. */
export interface Comparable {
  readonly name: string;
  readonly checkpoint: Checkpoint;
  readonly files: MixFiles;
}

/** Keys of config.json that say where a model comes from or how it is trained, not what it computes. */
const ASIDE =
  /^(_name_or_path|_attn_implementation\w*|architectures|auto_map|transformers_version|torch_dtype|dtype|use_cache|gradient_checkpointing|id2label|label2id|num_labels|problem_type|initializer_range|\w*dropout\w*|\w*_drop)$/;

/**
 * Refuses models that compute in different ways: config.json (defaults filled in for known types), tokenizer, modules and pooling.
 * What only concerns training or bookkeeping may differ.
 * @throws MixError that lists the differences
 */
export async function checkAgreement(first: Comparable, other: Comparable): Promise<void> {
  const refuse = (subject: string, differences: Iterable<string>) => {
    const list = [...differences];
    if (list.length > 0) throw new MixError([first.name, other.name], subject, list);
  };
  refuse('config.json', configDifferences(first.checkpoint.config, other.checkpoint.config));
  refuse('tokenizer', tokenizerDifferences(first.checkpoint.tokenizerFiles, other.checkpoint.tokenizerFiles));
  const kinds = ({ files }: Comparable) => files.modules.map(({ kind }) => kind).join(', ') || 'none';
  refuse(
    'modules',
    first.files.modules.length === other.files.modules.length && kinds(first) === kinds(other)
      ? []
      : [`modules.json: ${kinds(other)}, not ${kinds(first)}`],
  );
  const [firsts, others] = [stems(first), stems(other)];
  if (firsts.join() !== others.join())
    refuse('files of weights', [`${others.join(', ') || 'none'}, not ${firsts.join(', ') || 'none'}`]);
  for (const [i, { path }] of first.files.modules.entries()) {
    const [own, theirs] = [
      await moduleConfig(first, path),
      await moduleConfig(other, other.files.modules[i]!.path),
    ];
    refuse('modules', jsonDifferences(own, theirs, `${path}/config.json`, true));
  }
}

const stems = ({ files }: Comparable) => files.extras.map(({ stem }) => stem);

/** The config of a module other than the encoder; empty where there is none. */
async function moduleConfig({ checkpoint: { source }, files }: Comparable, path: string): Promise<unknown> {
  const file = `${path}/config.json`;
  return path !== '' && files.copied.includes(file) ? readJson(source, file) : {};
}

type Json = Readonly<Record<string, unknown>>;

function* configDifferences(first: Json, second: Json): Generator<string> {
  if (first.model_type !== second.model_type) {
    yield* jsonDifferences(first.model_type, second.model_type, 'config.json.model_type');
    return;
  }
  const [a, b] = [canonical(first), canonical(second)];
  yield* jsonDifferences(a.fields, b.fields, 'config.json');
  // Keys that the architecture does not read come and go with the library that wrote the file.
  yield* jsonDifferences(a.rest, b.rest, 'config.json', isKnownType(first));
}

const isKnownType = ({ model_type }: Json) => (MODEL_TYPES as readonly unknown[]).includes(model_type);

/** What decides the graph, with defaults, and other keys. */
function canonical(config: Json): { fields: Json; rest: Json } {
  const without = (json: Json): Json =>
    Object.fromEntries(Object.entries(json).filter(([key]) => !ASIDE.test(key)));
  if (!isKnownType(config)) return { fields: {}, rest: without(config) };
  const parsed = parseEncoderConfig(config);
  return {
    fields: without(encoderConfigToJson({ ...parsed, extra: {} })),
    rest: without(parsed.extra),
  };
}

type TokenizerFiles = Checkpoint['tokenizerFiles'];
const TOKENIZER = 'tokenizer.json';

function* tokenizerDifferences(first: TokenizerFiles, second: TokenizerFiles): Generator<string> {
  const [a, b] = [first[TOKENIZER], second[TOKENIZER]];
  if (a !== undefined && b !== undefined) {
    if (a !== b) yield* jsonDifferences(tokenizerOf(a), tokenizerOf(b), TOKENIZER);
    return;
  }
  const shared = (['vocab.txt', 'vocab.json', 'merges.txt'] as const).filter(
    (name) => first[name] !== undefined && second[name] !== undefined,
  );
  if (shared.length === 0 && Object.keys(first).length + Object.keys(second).length > 0)
    yield `${Object.keys(second).join(', ') || 'no tokenizer'}, not ${Object.keys(first).join(', ') || 'none'}`;
  for (const name of shared) if (first[name] !== second[name]) yield `${name}: other text`;
}

/** Without what a library last did with it: truncation and padding. */
function tokenizerOf(text: string): unknown {
  const refuse = (got: string, cause?: unknown): never => {
    const message = `${TOKENIZER}: expected a JSON object of at most ${MAX_JSON_DEPTH} levels, got ${got} — fetch it again`;
    throw new FileSourceError(TOKENIZER, message, cause === undefined ? undefined : { cause });
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    return refuse((cause as Error).message, cause);
  }
  if (!isJsonObject(json)) return refuse(describeJson(json));
  const depth = jsonDepth(text);
  if (depth > MAX_JSON_DEPTH) return refuse(`${depth}`);
  const { truncation: _, padding: __, version: ___, ...tokenizer } = json;
  return tokenizer;
}
