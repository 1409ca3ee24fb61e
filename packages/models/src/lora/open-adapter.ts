import { type FileSource, readJsonObject } from '../file-source.js';
import { openTensors, type TensorIndex } from '../open-tensors.js';
import { ADAPTER_CONFIG, type AdapterConfig, parseAdapterConfig } from './adapter-config.js';
import { AdapterError } from './adapter-error.js';
import { ADAPTER_FILES } from './adapter-source.js';
import { loraScale } from './lora-config.js';
import { LORA_A, LORA_B } from './lora-layers.js';

/** What PEFT's names start with. */
export const PEFT_PREFIX = 'base_model.model.';

/** The adapter of one linear layer, by the names of its tensors in the file. */
export interface AdapterModule {
  readonly a: string;
  readonly b: string;
  /** [in] of A and [out] of B. */
  readonly in: number;
  readonly out: number;
  readonly rank: number;
  readonly scaling: number;
}

/** An opened adapter; elements are read when they are asked for. */
export interface Adapter {
  readonly config: AdapterConfig;
  /** Its files, of which none is its base model's. */
  readonly source: FileSource;
  /** The file of its tensors. */
  readonly file: string;
  /** Under PEFT's names. */
  readonly tensors: TensorIndex;
  /** By the linear layer's name in the model that PEFT saw. */
  readonly modules: ReadonlyMap<string, AdapterModule>;
  /** Parameters that are saved whole, heads and biases, by their names in that model → the tensor's. */
  readonly saved: ReadonlyMap<string, string>;
}

/**
 * Opens an adapter that PEFT saved: adapter_config.json and adapter_model.safetensors or .bin.
 * @throws FileSourceError for a missing file, ConfigError and AdapterError naming the file and the key of what is not LoRA, or whose shapes
 *   are not those of the config's rank
 */
export async function openAdapter(source: FileSource): Promise<Adapter> {
  const config = parseAdapterConfig(await readJsonObject(source, ADAPTER_CONFIG));
  const present = await source.list();
  const file = ADAPTER_FILES.find((name) => present.includes(name));
  if (file === undefined)
    throw new AdapterError(
      ADAPTER_CONFIG,
      undefined,
      `expected ${ADAPTER_FILES.join(' or ')} beside it, got ${present.join(', ')}`,
      'fetch the adapter’s weights',
    );
  const tensors = await openTensors(source, file);
  return { config, source, file, tensors, ...partsOf(config, file, tensors) };
}

function partsOf(
  config: AdapterConfig,
  file: string,
  tensors: TensorIndex,
): Pick<Adapter, 'modules' | 'saved'> {
  const modules = new Map<string, AdapterModule>();
  const saved = new Map<string, string>();
  const fail = (key: string, problem: string, advice: string): never => {
    throw new AdapterError(file, key, problem, advice);
  };
  const matrix = (key: string): readonly [number, number] => {
    if (!tensors.has(key))
      return fail(key, 'expected this tensor beside its partner, got none', 'save the adapter again');
    const [rows, columns] = tensors.shape(key);
    if (tensors.shape(key).length !== 2 || !rows || !columns)
      return fail(
        key,
        `expected a matrix, got [${tensors.shape(key)}]`,
        'only linear layers are adapted here',
      );
    return [rows, columns];
  };
  for (const key of tensors.names) {
    if (!key.startsWith(PEFT_PREFIX))
      fail(
        key,
        `expected a name that starts with "${PEFT_PREFIX}"`,
        'save the adapter with PEFT’s save_pretrained',
      );
    const name = key.slice(PEFT_PREFIX.length);
    const module = name.slice(0, -LORA_A.length - 1);
    if (name.endsWith(`.${LORA_A}`)) {
      const b = `${PEFT_PREFIX}${module}.${LORA_B}`;
      const [[rank, width], [out, other]] = [matrix(key), matrix(b)];
      const scale = loraScale(config, module);
      if (rank !== scale.rank || other !== rank)
        fail(
          key,
          `expected lora_A [${scale.rank}, in] and lora_B [out, ${scale.rank}] by ${ADAPTER_CONFIG}, got [${rank}, ${width}] and [${out}, ${other}]`,
          'use the adapter_config.json that belongs to the weights',
        );
      modules.set(module, { a: key, b, in: width, out, ...scale });
    } else if (name.endsWith(`.${LORA_B}`)) {
      matrix(`${PEFT_PREFIX}${module}.${LORA_A}`);
    } else if (/(^|\.)lora_/.test(name)) {
      fail(
        key,
        'expected lora_A.weight and lora_B.weight of linear layers',
        'merge this adapter into its model with PEFT, and open that',
      );
    } else {
      saved.set(name.replace('.base_layer.', '.'), key);
    }
  }
  if (modules.size === 0 && saved.size === 0)
    throw new AdapterError(file, undefined, 'expected tensors of an adapter, got none', 'save it again');
  return { modules, saved };
}
