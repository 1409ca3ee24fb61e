import { readModelProto } from '@rag/onnx';
import { openCheckpoint } from '../checkpoint.js';
import { elementCount } from '../dtype.js';
import { type AdapterTask, parseAdapterConfig } from '../lora/adapter-config.js';
import { directorySource } from '../node/directory-source.js';
import { saveAdapter } from '../node/save-adapter.js';

const RANK = 2;
const NOT_ADAPTED = /embed|position|(^|\.)(score|classifier|lm_head|pooler|linear)\b/;

/**
 * Writes the directory of an adapter over a model's directory: every linear layer but its heads, elements that change what the model gives.
 * @returns the adapted modules
 */
export async function writeAdapter(
  directory: string,
  base: string,
  task_type: AdapterTask = 'FEATURE_EXTRACTION',
): Promise<string[]> {
  const { tensors } = await openCheckpoint(await directorySource(base));
  const modules = tensors.names
    .filter((name) => name.endsWith('.weight') && tensors.shape(name).length === 2 && !NOT_ADAPTED.test(name))
    .map((name) => name.slice(0, -'.weight'.length));
  const config = parseAdapterConfig({
    peft_type: 'LORA',
    r: RANK,
    lora_alpha: 4,
    target_modules: modules,
    base_model_name_or_path: base,
    task_type,
  });
  const trained = modules.flatMap((module, at) => {
    const [rows, columns] = tensors.shape(`${module}.weight`) as [number, number];
    const factor = (letter: 'A' | 'B', shape: readonly number[]) => ({
      name: `${module}.lora_${letter}.weight`,
      shape,
      data: Float32Array.from({ length: elementCount(shape) }, (_, i) => 0.1 * Math.sin(at + 7 * i)),
    });
    return [factor('A', [RANK, columns]), factor('B', [rows, RANK])];
  });
  await saveAdapter(directory, config, trained);
  return modules;
}

/** The names of the weights whose elements a model's own bytes hold, sorted; those in files of external data are left out. */
export const weightsWithin = (model: Uint8Array): string[] =>
  readModelProto(model)
    .graph!.initializer.filter(({ name, rawData }) => rawData.length > 0 && /\.(weight|bias)$/.test(name))
    .map(({ name }) => name)
    .toSorted();
