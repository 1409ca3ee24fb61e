import {
  type Adapter,
  type AdapterConfig,
  type AdapterTask,
  adapterFiles,
  adapterSource,
  checkTargets,
  type Dropout,
  describeTrainable,
  type EncoderInputs,
  elementCount,
  type FileSource,
  frozenStorage,
  isLoraParameter,
  isSaved,
  type LoraConfig,
  type LoraLayers,
  loraLayers,
  memorySource,
  mergeAdapter,
  openAdapter,
  type ParameterOptions,
  type TensorIndex,
  trainableParameters,
} from '@rag/models';
import type { CheckpointToSave } from '@rag/models/node';
import { type Objective, objectiveSpecs, type TrainingSession } from '@rag/runtime';
import { FROZEN_STORAGE } from '../config/adapter-options.js';
import { type AdapterSettings, loraConfigOf } from '../config/check-adapter.js';
import { ConfigError } from '../config/config-error.js';
import { continuedValues } from './continued-adapter.js';
import { type InitialWeights, readWeight, weightNames } from './initial-weights.js';
import type { BaseModel } from './model-source.js';
import { type WeightsToTrain, weightsToTrain } from './weights-to-train.js';

/** How a task's objective is to be built. */
export interface ObjectiveParts {
  readonly parameters?: (dropout: Dropout, inputs: Pick<EncoderInputs, 'first_token'>) => ParameterOptions;
  readonly layerSplit: boolean;
}

/** The model that a task trains. */
export interface ModelToTrain {
  objective(parts: ObjectiveParts): Objective;
  readonly weights: InitialWeights;
  readonly fresh: readonly string[];
  readonly base: BaseModel;
  /** Its files, which those of an adapter are laid over; absent where its weights are not in files of their own. */
  readonly source?: FileSource;
  /** The adapter of `from_peft`. */
  readonly continued?: Adapter;
  /** Parameters in files of their own beside the encoder's, as Dense modules: trained whole with an adapter, and no part of it. */
  readonly beside?: ReadonlySet<string>;
  /** PEFT's name of what the model is for. */
  readonly task: AdapterTask;
}

/** A model as the settings train and save it. */
export interface ModelTraining {
  readonly objective: Objective;
  readonly toTrain: WeightsToTrain;
  /** For run.json. */
  readonly ran: Readonly<Record<string, unknown>>;
  /**
   * The checkpoint as it stands: whole, or with the adapter in the place of the weights.
   * @param whole the checkpoint of a whole model, whose parameters are read by their names
   */
  toSave(
    session: Pick<TrainingSession, 'readWeight'>,
    whole: (read: (name: string) => Promise<Float32Array>) => CheckpointToSave | Promise<CheckpointToSave>,
  ): Promise<CheckpointToSave>;
  /** The files of what was saved, an adapter's laid over its base's. */
  openSaved(saved: FileSource): FileSource;
}

/**
 * Which of a model's weights are trained, how the others are stored, and what is saved, as the settings say.
 * @param say hears how much of the model is trained, where that is not all of it
 * @throws ConfigError, LoraError and AdapterError for settings that do not fit the model
 */
export function adapterTraining(
  config: AdapterSettings & { readonly seed: number; readonly gradientCheckpointing: boolean },
  model: ModelToTrain,
  say: (line: string) => void,
): ModelTraining {
  const { weights, continued, beside = new Set<string>() } = model;
  const lora = loraOf(config, model);
  if (lora) checkBase(config, model);
  const probe = lora && loraLayers(lora);
  const specs = objectiveSpecs(
    model.objective({ layerSplit: false, ...(probe && { parameters: () => ({ lora: probe }) }) }),
  ).parameters;
  const layers = [...new Set((probe?.layers ?? []).map(({ name }) => name))];
  if (lora) checkTargets(lora, layers);
  const { freeze, trainable } = config;
  const chosen = trainableParameters(specs, {
    ...(lora && { lora }),
    ...(freeze && { freeze }),
    ...(trainable && { trainable }),
  });
  const more = lora ? specs.filter(({ name }) => beside.has(name) && !chosen.names.has(name)) : [];
  const trained = new Set([...chosen.names, ...more.map(({ name }) => name)]);
  const counts = {
    total: chosen.total,
    trained: more.reduce((sum, { shape }) => sum + elementCount(shape), chosen.trained),
  };
  if (trained.size < specs.length) say(describeTrainable(counts));
  const isTrained = (name: string): boolean => trained.has(name);
  const storage = frozenStorage(FROZEN_STORAGE[config.frozenDtype], isTrained);
  const objective = model.objective({
    // A layer at a time is what recomputes activations.
    layerSplit: config.layerSplit || config.gradientCheckpointing,
    parameters: (dropout, { first_token }) => ({
      storage,
      ...(lora && { lora: loraLayers(lora, { dropout, first_token }) }),
    }),
  });
  const own = specs.filter(({ name }) => !isLoraParameter(name));
  const toTrain = weightsToTrain(weights, {
    base: own,
    trained,
    storage,
    instead: continued ? continuedValues(continued, trained) : new Map(),
    seed: config.seed,
  });
  const peft = lora && adapterConfigOf(lora, probe!, model);
  return {
    objective,
    toTrain,
    ran: {
      ...(trained.size < specs.length && {
        trained_parameters: counts.trained,
        frozen_parameters: counts.total - counts.trained,
      }),
    },
    async toSave(session, whole) {
      // One at a time: of several ranks that share parameters none is whole until it is read.
      const live = (name: string): Promise<Float32Array> =>
        isTrained(name) ? session.readWeight(name) : readWeight(weights, name);
      if (!peft) return whole(live);
      const adapters: Parameters<typeof adapterFiles>[1][number][] = [];
      for (const { name, shape } of specs)
        if (isTrained(name) && !beside.has(name))
          adapters.push({ name, shape, data: await session.readWeight(name) });
      const files = await adapterFiles(peft, adapters);
      const apart = (name: string) => (beside.has(name) ? live(name) : readWeight(weights, name));
      if (config.saveMergedLoraModel) {
        const adapter = await openAdapter(memorySource(files));
        const merged = mergeAdapter(tensorsOf(own, weights), adapter);
        return whole((name) => (merged.has(name) && !beside.has(name) ? merged.read(name) : apart(name)));
      }
      return { ...(await whole(apart)), tensors: [], adapter: files };
    },
    openSaved: (saved) => (peft && !config.saveMergedLoraModel ? adapterSource(saved, model.source!) : saved),
  };
}

/** The adapters of the settings, or those of `from_peft`, with the dropout of the settings. */
function loraOf(config: AdapterSettings, model: ModelToTrain): LoraConfig | undefined {
  const asked = loraConfigOf(config, headOf(model));
  return asked && model.continued ? { ...model.continued.config, lora_dropout: asked.lora_dropout! } : asked;
}

/** What is trained whole beside adapters: a classifier, as PEFT has it, and the modules of what starts afresh, unless all of the model does. */
function headOf({ task, fresh, weights, beside }: ModelToTrain): string[] {
  const names = weightNames(weights);
  const classifier = task === 'SEQ_CLS' ? ['classifier', 'score'] : [];
  const saved = classifier.filter((module) =>
    names.some((name) => isSaved({ modules_to_save: [module] }, name)),
  );
  if (fresh.length === names.length) return saved;
  const others = fresh.filter((name) => !beside?.has(name) && !isSaved({ modules_to_save: saved }, name));
  return [...saved, ...new Set(others.map((name) => name.split('.').slice(0, -1).join('.')))];
}

/** An adapter alone is opened through its base model: there has to be one, as it was. @throws ConfigError */
function checkBase({ saveMergedLoraModel, rawPeft }: AdapterSettings, { base, source }: ModelToTrain): void {
  if (saveMergedLoraModel || (source && !source.adapter && !rawPeft)) return;
  const why = rawPeft
    ? 'into which raw_peft is merged'
    : source
      ? 'which is an adapter itself'
      : 'which starts from fresh weights';
  throw new ConfigError(
    'save_merged_lora_model',
    'save_merged_lora_model',
    `expected true for adapters of ${base.name}, ${why}, got false: they would have no base model — set it`,
  );
}

/** adapter_config.json; `all-linear` and patterns become the modules that they are of this model, as PEFT writes them. */
function adapterConfigOf(
  lora: LoraConfig,
  { layers }: Pick<LoraLayers, 'layers'>,
  { base, task, continued }: ModelToTrain,
): AdapterConfig {
  const adapted = new Set(layers.filter(({ rank }) => rank !== undefined).map(({ name }) => name));
  const last = (name: string) => name.split('.').at(-1)!;
  const names = [...new Set([...adapted].map(last))];
  const isExact = layers.every(({ name }) => adapted.has(name) === names.includes(last(name)));
  return {
    ...lora,
    ...(!continued && { target_modules: (isExact ? names : [...adapted]).toSorted(), exclude_modules: null }),
    base_model_name_or_path: base.place ?? base.name,
    revision: base.commit ?? null,
    task_type: task,
  };
}

function tensorsOf(
  own: readonly { readonly name: string; readonly shape: readonly number[] }[],
  weights: InitialWeights,
): TensorIndex {
  const shapes = new Map(own.map(({ name, shape }) => [name, shape]));
  return {
    names: [...shapes.keys()],
    has: (name) => shapes.has(name),
    shape: (name) => shapes.get(name)!,
    dtype: () => 'F32',
    location: () => undefined,
    // A copy: merging writes into it.
    read: async (name) => (await readWeight(weights, name)).slice(),
  };
}
