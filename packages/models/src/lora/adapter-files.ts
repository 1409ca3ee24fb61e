import type { TensorToWrite } from '../safetensors-write.js';
import { safetensorsBytes } from '../safetensors-write.js';
import { ADAPTER_CONFIG, type AdapterConfig, adapterConfigText } from './adapter-config.js';
import { ADAPTER_FILES } from './adapter-source.js';
import { isLoraParameter } from './initialize-lora.js';
import { PEFT_PREFIX } from './open-adapter.js';
import { isSaved } from './target-modules.js';

/** A trained parameter of a model, under its name in the graph: of an adapter, of a module that is saved whole, or a bias. */
export interface TrainedParameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * The tensors of an adapter under PEFT's names: `base_model.model.<module>.lora_A.weight`, biases of adapted layers as `….base_layer.bias`, all else
 * as it is named behind the prefix.
 * @throws TypeError for a parameter that no option of the config trains
 */
export function adapterTensors(config: AdapterConfig, trained: readonly TrainedParameter[]): TensorToWrite[] {
  const adapted = new Set(
    trained
      .filter(({ name }) => isLoraParameter(name))
      .map(({ name }) => name.replace(/\.lora_[AB]\.weight$/, '')),
  );
  return trained.map(({ name, shape, data }) => {
    const module = name.endsWith('.bias') ? name.slice(0, -'.bias'.length) : undefined;
    const isBias =
      module !== undefined && (config.bias === 'all' || (config.bias === 'lora_only' && adapted.has(module)));
    if (!isLoraParameter(name) && !isSaved(config, name) && !isBias)
      throw new TypeError(
        `${name}: expected a parameter of LoRA, of modules_to_save or a trained bias, got another — name its module in modules_to_save`,
      );
    const stem = isBias && module !== undefined && adapted.has(module) ? `${module}.base_layer.bias` : name;
    return { name: `${PEFT_PREFIX}${stem}`, shape, data };
  });
}

/**
 * The files of an adapter as PEFT opens it: adapter_config.json and adapter_model.safetensors, both by their names.
 * @throws TypeError as `adapterTensors`
 */
export async function adapterFiles(
  config: AdapterConfig,
  trained: readonly TrainedParameter[],
): Promise<Record<string, string | Uint8Array<ArrayBuffer>>> {
  return {
    [ADAPTER_FILES[0]]: await safetensorsBytes(adapterTensors(config, trained)),
    [ADAPTER_CONFIG]: adapterConfigText(config),
  };
}
