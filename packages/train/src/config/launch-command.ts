import { ConfigError } from './config-error.js';
import { nearestKey } from './nearest-key.js';

/** A command line of the originals as one of ours. */
export interface TranslatedCommand {
  /** After `rag`. */
  readonly args: readonly string[];
  /** What was left to others, or said twice. */
  readonly notes: readonly string[];
}

/** What a script of the originals is here. */
interface Script {
  readonly task: 'reranker' | 'embedding' | 'colbert';
  /** Its defaults. */
  readonly preset?: string;
  /** What the preset has otherwise. */
  readonly more?: Readonly<Record<string, string>>;
}

const flagReranker: Script = { task: 'reranker', preset: 'flagembedding-reranker' };
const flagLlmReranker: Script = { task: 'reranker', preset: 'flagembedding-llm-reranker' };
const flagEmbedding: Script = { task: 'embedding', preset: 'flagembedding-embedding' };

/** The training scripts of RAG-Retrieval by file, those of FlagEmbedding (7ed43d6, and the packages before its 1.3) by module. */
const SCRIPTS: Readonly<Record<string, Script>> = {
  'train_reranker.py': { task: 'reranker' },
  'train_embedding.py': { task: 'embedding' },
  'train_colbert.py': { task: 'colbert' },
  'FlagEmbedding.finetune.reranker.encoder_only.base': flagReranker,
  'FlagEmbedding.finetune.reranker.decoder_only.base': flagLlmReranker,
  'FlagEmbedding.finetune.reranker.decoder_only.layerwise': flagLlmReranker,
  'FlagEmbedding.finetune.embedder.encoder_only.base': flagEmbedding,
  'FlagEmbedding.finetune.embedder.encoder_only.m3': { task: 'colbert', preset: 'flagembedding-m3' },
  'FlagEmbedding.finetune.embedder.decoder_only.base': {
    task: 'embedding',
    preset: 'flagembedding-llm-embedding',
  },
  // Its limit was that of the pair.
  'FlagEmbedding.reranker.run': { ...flagReranker, more: { max_len: '512' } },
  'FlagEmbedding.llm_reranker.finetune_for_instruction.run': flagLlmReranker,
  'FlagEmbedding.llm_reranker.finetune_for_layerwise.run': flagLlmReranker,
  'FlagEmbedding.baai_general_embedding.finetune.run': flagEmbedding,
};

/** Flags of launchers that are settings here. */
const SETTINGS: Readonly<Record<string, string>> = {
  config_file: 'config_file',
  mixed_precision: 'mixed_precision',
  zero_stage: 'zero_stage',
  deepspeed_config_file: 'deepspeed',
  gradient_accumulation_steps: 'gradient_accumulation_steps',
  num_cpu_threads_per_process: 'threads',
};

/** Flags of launchers that say how many processes there are. */
const PROCESSES = new Set(['num_processes', 'nproc_per_node', 'num_gpus']);

const LAUNCHERS: readonly (readonly string[])[] = [
  ['accelerate', 'launch'],
  ['torchrun'],
  ['deepspeed'],
  ['python'],
  ['python3'],
];

/**
 * `accelerate launch --config_file f.yaml train_reranker.py --lr 1e-5` as `train reranker --config_file f.yaml --lr 1e-5`: a command line of
 * RAG-Retrieval or FlagEmbedding with `rag` before it. A flag that is said twice counts the second time, as argparse has it.
 * @param args after `rag`
 * @returns undefined where they begin with no launcher
 * @throws ConfigError for a script that is none of the originals'
 */
export function fromLauncher(args: readonly string[]): TranslatedCommand | undefined {
  const launcher = LAUNCHERS.find((words) => words.every((word, i) => args[i] === word));
  if (!launcher) return undefined;
  const rest = args.slice(launcher.length);
  const at = rest.findIndex((arg) => arg === '-m' || arg === '--module' || arg.endsWith('.py'));
  const isModule = at >= 0 && !rest[at]!.endsWith('.py');
  const named = at < 0 ? undefined : isModule ? rest[at + 1] : rest[at]!.split(/[\\/]/).at(-1);
  const script = scriptOf(named, launcher.join(' '));
  const notes: string[] = [];
  const launch = flagsOf(rest.slice(0, at)).flatMap(({ name, values }) => {
    const key = SETTINGS[name];
    if (key !== undefined) return [`--${key}`, ...values];
    if (!PROCESSES.has(name)) notes.push(`${[`--${name}`, ...values].join(' ')}: the launcher’s own`);
    else if (values[0] !== '1')
      notes.push(
        `--${name} ${values.join(' ')}: processes are mpirun’s to launch (mpirun -n ${values[0]} rag train …)`,
      );
    return [];
  });
  const given = flagsOf(rest.slice(at + (isModule ? 2 : 1)));
  const last = given.filter(({ name }, i) => given.findLastIndex((other) => other.name === name) === i);
  for (const { name } of given.filter((flag) => !last.includes(flag)))
    notes.push(`--${name}: said twice, the second time counts`);
  const defaults = Object.entries({ ...(script.preset && { preset: script.preset }), ...script.more })
    .filter(([key]) => !last.some(({ name }) => name === key))
    .flatMap(([key, value]) => [`--${key}`, value]);
  const flags = last.flatMap(({ shown, values }) => [shown, ...values]);
  // What the script itself is told beats what its launcher is.
  const told = new Set(last.map(({ shown }) => shown));
  const beneath = pairsOf(launch).filter(([flag]) => !told.has(flag!));
  return { args: ['train', script.task, ...defaults, ...beneath.flat(), ...flags], notes };
}

/** What no task here makes. */
const REFUSED: Readonly<Record<string, string>> = {
  'FlagEmbedding.finetune.embedder.decoder_only.icl':
    'whose queries carry examples of their task — use FlagEmbedding.finetune.embedder.decoder_only.base',
};

function scriptOf(named: string | undefined, launcher: string): Script {
  if (named !== undefined && Object.hasOwn(REFUSED, named))
    throw new ConfigError(
      launcher,
      undefined,
      `expected a training script that there is a task for, got ${named}, ${REFUSED[named]}`,
    );
  const script = named === undefined || !Object.hasOwn(SCRIPTS, named) ? undefined : SCRIPTS[named];
  if (script) return script;
  const near = named === undefined ? undefined : nearestKey(named, Object.keys(SCRIPTS));
  throw new ConfigError(
    launcher,
    undefined,
    `expected a training script of RAG-Retrieval or FlagEmbedding, got ${named ?? 'none'} — ${near === undefined ? `it may be one of ${Object.keys(SCRIPTS).join(', ')}` : `did you mean ${near}?`}`,
  );
}

interface GivenFlag {
  readonly name: string;
  /** As it stands, `--lr=1` in two. */
  readonly shown: string;
  readonly values: readonly string[];
}

/** Flags with the words behind them. */
function flagsOf(args: readonly string[]): GivenFlag[] {
  const flags: { name: string; shown: string; values: string[] }[] = [];
  for (const arg of args) {
    if (arg.startsWith('--')) {
      const [shown, ...value] = arg.split('=') as [string, ...string[]];
      flags.push({ name: shown.slice(2), shown, values: value.length > 0 ? [value.join('=')] : [] });
    } else if (flags.length === 0) flags.push({ name: arg, shown: arg, values: [] });
    else flags.at(-1)!.values.push(arg);
  }
  return flags;
}

const pairsOf = (args: readonly string[]): string[][] =>
  flagsOf(args).map(({ shown, values }) => [shown, ...values]);
