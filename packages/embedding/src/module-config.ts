import { ConfigError } from '@rag/models';
import {
  type DenseActivation,
  type DenseSpec,
  type EmbeddingHead,
  POOLING_MODES,
  type PoolingMode,
} from './embedding-head.js';

type Json = Readonly<Record<string, unknown>>;

/** The flag of each mode in files before version 6, in the order in which several are concatenated. */
const POOLING_FLAGS: Readonly<Record<string, PoolingMode>> = {
  pooling_mode_cls_token: 'cls',
  pooling_mode_max_tokens: 'max',
  pooling_mode_mean_tokens: 'mean',
  pooling_mode_mean_sqrt_len_tokens: 'mean_sqrt_len_tokens',
  pooling_mode_weightedmean_tokens: 'weightedmean',
  pooling_mode_lasttoken: 'lasttoken',
};

/** torch's class of each activation, which is what a Dense's config.json names. */
const ACTIVATION_CLASSES: { readonly [Name in DenseActivation]: string } = {
  identity: 'torch.nn.modules.linear.Identity',
  tanh: 'torch.nn.modules.activation.Tanh',
  gelu: 'torch.nn.modules.activation.GELU',
  relu: 'torch.nn.modules.activation.ReLU',
  silu: 'torch.nn.modules.activation.SiLU',
  sigmoid: 'torch.nn.modules.activation.Sigmoid',
};

const ADVICE = 'this module is not one that this package can run';

/**
 * A Pooling module's config.json: `pooling_mode` (version 6; one mode or a list) or a flag per mode; no flag set is "mean".
 * @param width the encoder's `hidden_size`
 * @throws ConfigError
 */
export function parsePooling(
  json: Json,
  width: number,
  where: string,
): Pick<EmbeddingHead, 'pooling' | 'includePrompt'> {
  const {
    word_embedding_dimension,
    embedding_dimension = word_embedding_dimension,
    pooling_mode,
    include_prompt = true,
    ...flags
  } = json;
  if (embedding_dimension !== width)
    throw new ConfigError(
      'embedding_dimension',
      `"hidden_size" of config.json (${width})`,
      embedding_dimension,
      'use the files that belong together',
      where,
    );
  if (typeof include_prompt !== 'boolean')
    throw new ConfigError('include_prompt', 'true or false', include_prompt, 'correct the file', where);
  return { pooling: readModes(pooling_mode, flags, where), includePrompt: include_prompt };
}

function readModes(pooling_mode: unknown, flags: Json, where: string): PoolingMode[] {
  for (const [key, value] of Object.entries(flags)) {
    if (!key.startsWith('pooling_mode')) continue;
    if (!Object.hasOwn(POOLING_FLAGS, key))
      throw new ConfigError(key, `one of ${Object.keys(POOLING_FLAGS).join(', ')}`, value, ADVICE, where);
    if (typeof value !== 'boolean')
      throw new ConfigError(key, 'true or false', value, 'correct the file', where);
  }
  if (pooling_mode === undefined) {
    const set = Object.entries(POOLING_FLAGS).flatMap(([flag, mode]) => (flags[flag] === true ? [mode] : []));
    return set.length > 0 ? set : ['mean'];
  }
  const modes: unknown[] = Array.isArray(pooling_mode) ? pooling_mode : [pooling_mode];
  const isMode = (mode: unknown): mode is PoolingMode => (POOLING_MODES as readonly unknown[]).includes(mode);
  if (modes.length === 0 || modes.length > 16 || !modes.every(isMode))
    throw new ConfigError(
      'pooling_mode',
      `one or several of ${POOLING_MODES.join(', ')}`,
      pooling_mode,
      ADVICE,
      where,
    );
  return modes;
}

/**
 * A Pooling module's config.json as versions 2 to 6 read it; modes in another order than that of the flags need `pooling_mode`, which
 * version 6 brought.
 */
export function poolingToJson({ pooling, includePrompt = true }: EmbeddingHead, width: number): Json {
  const inOrder = Object.values(POOLING_FLAGS).filter((mode) => pooling.includes(mode));
  const byFlags = inOrder.length === pooling.length && inOrder.every((mode, i) => mode === pooling[i]);
  if (!byFlags) return { embedding_dimension: width, pooling_mode: pooling, include_prompt: includePrompt };
  const flags = Object.entries(POOLING_FLAGS).map(([flag, mode]) => [flag, pooling.includes(mode)]);
  return { word_embedding_dimension: width, ...Object.fromEntries(flags), include_prompt: includePrompt };
}

/**
 * A Dense module's config.json; `bias` is true and `activation_function` Tanh where they are left out.
 * @param name the module's folder
 * @throws ConfigError
 */
export function parseDense(json: Json, name: string, where: string): DenseSpec {
  const {
    in_features,
    out_features,
    bias = true,
    activation_function = ACTIVATION_CLASSES.tanh,
    use_residual = false,
  } = json;
  const refuse = (field: string, expected: string, got: unknown): never => {
    throw new ConfigError(field, expected, got, ADVICE, where);
  };
  const width = (field: string, value: unknown): number =>
    Number.isSafeInteger(value) && (value as number) > 0 && (value as number) <= 1 << 20
      ? (value as number)
      : refuse(field, 'a whole number from 1 to 1048576', value);
  checkFeatures(json, where);
  if (typeof bias !== 'boolean') refuse('bias', 'true or false', bias);
  if (use_residual !== false) refuse('use_residual', 'false', use_residual);
  const short = (path: string) => path.replace(/^torch\.nn\.(modules\.(activation|linear)\.)?/, '');
  const activation = Object.entries(ACTIVATION_CLASSES).find(
    ([, path]) =>
      typeof activation_function === 'string' &&
      activation_function.startsWith('torch.nn.') &&
      short(path) === short(activation_function),
  )?.[0] as DenseActivation | undefined;
  return {
    name,
    in: width('in_features', in_features),
    out: width('out_features', out_features),
    bias: bias as boolean,
    activation:
      activation ??
      refuse(
        'activation_function',
        `one of ${Object.values(ACTIVATION_CLASSES).join(', ')}`,
        activation_function,
      ),
  };
}

/** A Dense module's config.json. */
export const denseToJson = (spec: DenseSpec): Json => ({
  in_features: spec.in,
  out_features: spec.out,
  bias: spec.bias,
  activation_function: ACTIVATION_CLASSES[spec.activation],
});

/**
 * Checks that a module works on the text's vector: version 6 lets a Dense or a Normalize name its input, which of ColBERT-like
 * models is `token_embeddings`.
 * @throws ConfigError
 */
export function checkFeatures(json: Json, where: string): void {
  for (const field of ['module_input_name', 'module_output_name']) {
    const { [field]: name } = json;
    if (name !== undefined && name !== null && name !== 'sentence_embedding')
      throw new ConfigError(field, '"sentence_embedding"', name, ADVICE, where);
  }
}
