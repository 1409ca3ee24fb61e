/** A parameter of a model: its Hugging Face name and shape. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What `matchParameters` needs of a checkpoint; a `TensorIndex` has it. */
export interface NamedShapes {
  readonly names: readonly string[];
  shape(name: string): readonly number[];
}

/** How the encoder's names start in a task model, and which parameters make up its head. */
export interface MatchOptions {
  /** `bert` or `roberta`: a bare encoder's checkpoint leaves it out. */
  readonly prefix: string;
  /** Another prefix that task models may have in its place. */
  readonly hubPrefix?: string;
  /**
   * Name prefixes of the head's modules, outermost first, such as `['classifier', 'bert.pooler']`. An inner one may be fresh
   * only when all before it are. Default: the first name segments of the parameters outside `prefix`.
   */
  readonly heads?: readonly string[];
  /**
   * true: the outermost head is fresh even where the checkpoint has one, inner ones where it lacks them.
   * false: no head may be fresh. Unset: a head is fresh when the checkpoint has none of its tensors.
   */
  readonly newHead?: boolean;
  /** Modules of other tasks that checkpoints of this family carry, beside the usual ones. */
  readonly otherHeads?: readonly string[];
  /** Tensors of the model itself that a graph of fewer layers does not want. */
  readonly spareTensors?: RegExp;
  /** Accept tensors that nothing wants; they are listed in the result all the same. */
  readonly allowUnexpected?: boolean;
}

/** Which tensor each parameter comes from, and everything that did not find a partner. */
export interface ParameterMatch {
  /** Parameter name → the name of its tensor in the checkpoint. */
  readonly sources: ReadonlyMap<string, string>;
  /** Parameters without a tensor, to be initialised afresh. */
  readonly initialized: readonly string[];
  /** Tensors that nothing wants: the heads of other tasks, a replaced head and, if allowed, others. */
  readonly unexpected: readonly string[];
  /** Constant buffers that older versions of transformers stored (`position_ids`). */
  readonly ignored: readonly string[];
}

/** A tensor whose shape is not its parameter's. */
export interface ShapeMismatch {
  readonly name: string;
  readonly expected: readonly number[];
  readonly found: readonly number[];
}

/** Names every parameter that a checkpoint lacks or holds in another shape, and every tensor that nothing wants. */
export class ParameterMatchError extends Error {
  override name = 'ParameterMatchError';
  /** `expected …, got …`, without what to do about it. */
  readonly problem: string;
  /** One line each. */
  readonly differences: readonly string[];
  constructor(
    readonly missing: readonly ParameterSpec[],
    readonly misshaped: readonly ShapeMismatch[],
    readonly unexpected: readonly string[],
  ) {
    const lines = [
      ...missing.map(({ name, shape }) => `${name}: expected a tensor [${shape}], got none`),
      ...misshaped.map(
        ({ name, expected, found }) => `${name}: expected shape [${expected}], got [${found}]`,
      ),
      ...unexpected.map((name) => `${name}: expected no such tensor in this model`),
    ];
    const problem = `expected the tensors of its config.json, got ${lines.length} ${lines.length === 1 ? 'difference' : 'differences'}`;
    super(
      `checkpoint: ${problem} — use the config.json that belongs to the weights${misshaped.length > 0 || missing.length > 0 ? ', or newHead: true for another head' : ', or allowUnexpected: true'}\n  ${lines.join('\n  ')}`,
    );
    this.problem = problem;
    this.differences = lines;
  }
}

/** The modules that only other tasks' models have: language modelling, next sentence, question answering, pooling, … */
const OTHER_HEADS = new Set(['cls', 'lm_head', 'pooler', 'qa_outputs', 'classifier', 'score']);
const BUFFER = /(^|\.)(embeddings\.(position_ids|token_type_ids)|rotary_emb\.inv_freq)$/;

/**
 * Pairs a model's parameters with a checkpoint's tensors.
 * Known variations: a bare encoder's names lack the prefix, in the checkpoint or in what is wanted; old checkpoints say `LayerNorm.gamma` and `LayerNorm.beta`;
 * some store constant buffers; most carry the head of the task they were trained for.
 * @throws ParameterMatchError
 */
export function matchParameters(
  wanted: readonly ParameterSpec[],
  tensors: NamedShapes,
  options: MatchOptions,
): ParameterMatch {
  const { prefix, hubPrefix, newHead, otherHeads = [], spareTensors, allowUnexpected = false } = options;
  const within = (outer: string) => tensors.names.some((name) => name.startsWith(`${outer}.`));
  const stored = !within(prefix) && hubPrefix !== undefined && within(hubPrefix) ? hubPrefix : prefix;
  const inEncoder = (name: string) => name.startsWith(`${prefix}.`);
  const bare = !within(stored);
  const wantsBare = !wanted.some(({ name }) => inEncoder(name));
  const heads = options.heads ?? [
    ...new Set(wanted.filter(({ name }) => !inEncoder(name)).map(({ name }) => name.split('.', 1)[0]!)),
  ];
  const available = new Set(tensors.names);
  const find = (name: string): string | undefined => {
    const inner = inEncoder(name) ? name.slice(prefix.length + 1) : undefined;
    const own = inner === undefined || bare ? (inner ?? name) : `${stored}.${inner}`;
    const stem = wantsBare && !bare ? `${stored}.${name}` : own;
    const legacy = stem.replace(/(?<=LayerNorm\.)weight$/, 'gamma').replace(/(?<=LayerNorm\.)bias$/, 'beta');
    return [stem, legacy].find((candidate) => available.has(candidate));
  };

  const fresh = freshHeads(wanted, heads, newHead, (name) => find(name) !== undefined);
  const sources = new Map<string, string>();
  const initialized: string[] = [];
  const replaced = new Set<string>();
  const missing: ParameterSpec[] = [];
  const misshaped: ShapeMismatch[] = [];
  for (const parameter of wanted) {
    const { name, shape } = parameter;
    const source = find(name);
    if (fresh.some((head) => isWithin(name, head))) {
      initialized.push(name);
      if (source !== undefined) replaced.add(source);
    } else if (source === undefined) {
      missing.push(parameter);
    } else {
      const found = tensors.shape(source);
      const same = found.length === shape.length && found.every((dim, i) => dim === shape[i]);
      if (same) sources.set(name, source);
      else misshaped.push({ name, expected: shape, found });
    }
  }

  const others = new Set([...OTHER_HEADS, ...otherHeads]);
  const used = new Set([...sources.values(), ...wanted.flatMap(({ name }) => find(name) ?? [])]);
  const wantedModules = new Set(wanted.map(({ name }) => moduleOf(name, prefix)));
  const left = tensors.names.filter((name) => !used.has(name) || replaced.has(name));
  const ignored = left.filter((name) => BUFFER.test(name));
  const unexpected = left.filter((name) => !BUFFER.test(name));
  const foreign = unexpected.filter((name) => {
    if (spareTensors?.test(name)) return false;
    const module = moduleOf(name, stored);
    const replacedHead = newHead === true && fresh.some((head) => isWithin(name, head));
    return !replaced.has(name) && !replacedHead && (!others.has(module) || wantedModules.has(module));
  });
  const refused = allowUnexpected ? [] : foreign;
  if (missing.length > 0 || misshaped.length > 0 || refused.length > 0) {
    throw new ParameterMatchError(missing, misshaped, refused);
  }
  return { sources, initialized, unexpected, ignored };
}

/** The leading heads that are to be initialised: asked for, or wholly absent. */
function freshHeads(
  wanted: readonly ParameterSpec[],
  heads: readonly string[],
  newHead: boolean | undefined,
  isPresent: (name: string) => boolean,
): string[] {
  if (newHead === false) return [];
  const fresh: string[] = [];
  for (const head of heads) {
    const names = wanted.filter(({ name }) => isWithin(name, head));
    const asked = newHead === true && fresh.length === 0;
    if (!asked && names.some(({ name }) => isPresent(name))) break;
    fresh.push(head);
  }
  return fresh;
}

function isWithin(name: string, module: string): boolean {
  return name.startsWith(`${module}.`);
}

/** The first segment of a name after the encoder's prefix. */
function moduleOf(name: string, prefix: string): string {
  const inner = name.startsWith(`${prefix}.`) ? name.slice(prefix.length + 1) : name;
  return inner.split('.', 1)[0]!;
}
