/**
 * What PEFT's LoraConfig says of LoRA (https://arxiv.org/abs/2106.09685), under the names of adapter_config.json; what is left out means
 * what it means there, but for `r` and `target_modules`, which have no default here.
 */
export interface LoraConfig {
  /** Rank: rows of A, columns of B. */
  readonly r: number;
  /** The adapter's output is scaled by lora_alpha / r, or with `use_rslora` by lora_alpha / √r. Default 8. */
  readonly lora_alpha?: number;
  /** Probability with which elements of the adapter's input are dropped in training. Default 0. */
  readonly lora_dropout?: number;
  /** https://arxiv.org/abs/2312.03732 */
  readonly use_rslora?: boolean;
  /**
   * Linear layers, by whole names or what stands behind a dot in them (`query`, `self.query`); or one regular expression of a whole name; or
   * `all-linear`, every one but the output head.
   */
  readonly target_modules: readonly string[] | string;
  /** The same kinds of names: these are left out. */
  readonly exclude_modules?: readonly string[] | string | null;
  /** Only layers of these numbers, where `target_modules` is a list. */
  readonly layers_to_transform?: readonly number[] | number | null;
  /** What stands before a layer's number, such as `layer` in `encoder.layer.3`. */
  readonly layers_pattern?: readonly string[] | string | null;
  /** Other ranks, by a regular expression of a module's name or of its end; the first that fits holds. */
  readonly rank_pattern?: Readonly<Record<string, number>>;
  readonly alpha_pattern?: Readonly<Record<string, number>>;
  /** Modules that are trained and saved whole, by their names or the ends of them; usually the head. */
  readonly modules_to_save?: readonly string[] | null;
  /** Which biases of the model are trained: none (default), all, or those of the layers that have an adapter. */
  readonly bias?: 'none' | 'all' | 'lora_only';
}

/** Options of LoRA that do not fit: `field` names the one of adapter_config.json. */
export class LoraError extends Error {
  override name = 'LoraError';
  constructor(
    readonly field: string,
    problem: string,
    advice: string,
    options?: ErrorOptions,
  ) {
    super(`${field}: ${problem} — ${advice}`, options);
  }
}

/** The rank of a module's adapter and what its output is multiplied with. */
export interface LoraScale {
  readonly rank: number;
  readonly scaling: number;
}

/**
 * Rank and scaling of the adapter of `module`, by `rank_pattern` and `alpha_pattern` where they name it.
 * @throws LoraError for a rank that is no positive whole number, and an alpha that is no finite number
 */
export function loraScale(
  { r, lora_alpha = 8, use_rslora = false, rank_pattern = {}, alpha_pattern = {} }: LoraConfig,
  module: string,
): LoraScale {
  const rank = patternValue(rank_pattern, module, 'rank_pattern') ?? r;
  const alpha = patternValue(alpha_pattern, module, 'alpha_pattern') ?? lora_alpha;
  if (!(Number.isSafeInteger(rank) && rank > 0))
    throw new LoraError('r', `expected a positive whole number for ${module}, got ${rank}`, 'correct it');
  const scaling = alpha / (use_rslora ? Math.sqrt(rank) : rank);
  if (!Number.isFinite(scaling))
    throw new LoraError('lora_alpha', `expected a finite number for ${module}, got ${alpha}`, 'correct it');
  return { rank, scaling };
}

function patternValue(
  patterns: Readonly<Record<string, number>>,
  module: string,
  field: string,
): number | undefined {
  for (const [pattern, value] of Object.entries(patterns))
    if (modulePattern(`(?:.*\\.)?(?:${pattern})`, pattern, field).test(module)) return value;
  return undefined;
}

/** Characters of a pattern, and how many ways of reading one module's name it may have: what bounds the time of a hostile one. */
const [MAX_PATTERN, MAX_WAYS] = [512, 5_000_000];

/**
 * A regular expression of whole module names. Names are short, but a group that is repeated, or choices one behind the other, can take time that
 * doubles with every character, and patterns come with adapters: those are refused.
 * @throws LoraError, from `test` where it is a name that has too many ways to be read
 */
export function modulePattern(
  source: string,
  shown: string,
  field: string,
): { test(module: string): boolean } {
  const plain = shown
    .replace(/\\./g, '_')
    .replace(/\[[^\]]*\]/g, '_')
    .replace(/\(\?(?:[:=!]|<[=!])/g, '(')
    .replace(/([*+?}])\?/g, '$1');
  const refuse = (why: string): never => {
    throw new LoraError(
      field,
      `expected a regular expression of at most ${MAX_PATTERN} characters, no group of it repeated and with few choices, got ${JSON.stringify(shown.slice(0, 80))}${why}`,
      'list the modules instead',
    );
  };
  if (shown.length > MAX_PATTERN || /\)[*+{]/.test(plain) || /\\[1-9k]/.test(shown)) refuse('');
  const waysOf = waysToRead(plain);
  let found: RegExp;
  try {
    found = new RegExp(`^(?:${source})$`);
  } catch (cause) {
    throw new LoraError(
      field,
      `expected a regular expression, got ${JSON.stringify(shown.slice(0, 80))} (${(cause as Error).message})`,
      'correct it, or list the modules instead',
      { cause },
    );
  }
  return {
    test(module) {
      const ways = waysOf(module.length);
      if (ways > MAX_WAYS) refuse(`, which reads a name of ${module.length} characters in ${ways} ways`);
      return found.test(module);
    },
  };
}

/**
 * At most how many ways a pattern has to be tried on a name: the alternatives of all groups and the options times each other, and where each
 * repetition of one character ends.
 */
function waysToRead(pattern: string): (length: number) => number {
  const options = pattern.match(/\?/g)?.length ?? 0;
  const repeats = pattern.match(/[*+{]/g)?.length ?? 0;
  /** Alternatives of the groups that are open, the whole pattern the first. */
  const open = [1];
  let choices = 2 ** options;
  for (const character of pattern) {
    if (character === '|') open[open.length - 1]!++;
    if (character === '(') open.push(1);
    if (character === ')' && open.length > 1) choices *= open.pop()!;
  }
  for (const alternatives of open) choices *= alternatives;
  return (length) => {
    let ways = choices;
    for (let i = 1; i <= repeats; i++) ways *= (length + i) / i;
    return Math.round(ways);
  };
}
