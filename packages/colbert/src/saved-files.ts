import {
  architectures,
  type EncoderConfig,
  encoderConfigToJson,
  type ParameterSpec,
  safetensorsBytes,
  torchArchive,
} from '@rag/models';
import type { ColbertSettings } from './colbert-settings.js';
import type { DirectorySettings } from './directory-settings.js';
import { ACTIVATION_CLASSES, LINEAR_FILES } from './read-projection.js';

/** What is written of a model beside its tokenizer. */
export interface SavedFiles {
  readonly config: Record<string, unknown>;
  /** The tensors of model.safetensors: the parameter that each is, by its name in the file. */
  readonly tensors: ReadonlyMap<string, ParameterSpec>;
  /** Further files. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
}

/**
 * The files of a model in its own layout: RAG-Retrieval's (the bare encoder, `colbert_linear.pt` for Python and the same as
 * safetensors, its lengths and its instruction in colbert_settings.json, which Python passes over),
 * PyLate's (modules.json and Dense folders) or Stanford's (everything in one file, artifact.metadata).
 */
export async function savedFiles(
  config: EncoderConfig,
  settings: ColbertSettings,
  stated: DirectorySettings['stated'],
  parameters: readonly ParameterSpec[],
  read: (name: string) => Promise<Float32Array>,
): Promise<SavedFiles> {
  const head = new Set(
    settings.projection.flatMap(({ name }) =>
      ['weight', 'bias', 'residual.weight'].map((parameter) => `${name}.${parameter}`),
    ),
  );
  const encoder = parameters.filter(({ name }) => !head.has(name));
  const projection = await Promise.all(
    parameters
      .filter(({ name }) => head.has(name))
      .map(async (spec) => ({ ...spec, data: await read(spec.name) })),
  );
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  const bare = new Map(encoder.map((spec) => [spec.name, spec]));
  if (settings.layout === 'colbertv2') {
    const { baseModelPrefix } = architectures[config.model_type];
    return {
      config: modelConfig(config, 'HF_ColBERT'),
      tensors: new Map(
        parameters.map((spec) => [head.has(spec.name) ? spec.name : `${baseModelPrefix}.${spec.name}`, spec]),
      ),
      files: { 'artifact.metadata': json({ ...stated['artifact.metadata'], ...stanfordMetadata(settings) }) },
    };
  }
  const named = (layer: string) =>
    projection
      .filter(({ name }) => name.startsWith(`${layer}.`))
      .map((tensor) => ({ ...tensor, name: tensor.name.slice(layer.length + 1) }));
  const own = modelConfig(config, architectures[config.model_type].classNames.encoder);
  if (settings.layout === 'rag-retrieval') {
    const linear = named('linear');
    return {
      config: own,
      tensors: bare,
      files: {
        [LINEAR_FILES.safetensors]: await safetensorsBytes(linear),
        [LINEAR_FILES.pytorch]: torchArchive(linear),
        'colbert_settings.json': json({ ...stated['colbert_settings.json'], ...retrievalSettings(settings) }),
      },
    };
  }
  const files: Record<string, string | Uint8Array> = {};
  const modules = [
    { idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' },
    ...settings.projection.map((_, i) => ({
      idx: i + 1,
      name: String(i + 1),
      path: `${i + 1}_Dense`,
      type: 'pylate.models.Dense.Dense',
    })),
  ];
  files['modules.json'] = json(modules);
  files['config_sentence_transformers.json'] = json({
    ...stated['config_sentence_transformers.json'],
    ...pylateConfig(settings),
  });
  files['sentence_bert_config.json'] = json({
    ...stated['sentence_bert_config.json'],
    do_lower_case: settings.do_lower_case,
  });
  for (const [i, layer] of settings.projection.entries()) {
    files[`${i + 1}_Dense/config.json`] = json({
      in_features: layer.in,
      out_features: layer.out,
      bias: layer.bias,
      activation_function: ACTIVATION_CLASSES[layer.activation],
      use_residual: layer.residual,
    });
    const tensors = named(layer.name).map((tensor) => ({
      ...tensor,
      name: tensor.name.startsWith('residual.') ? tensor.name : `linear.${tensor.name}`,
    }));
    files[`${i + 1}_Dense/model.safetensors`] = await safetensorsBytes(tensors);
  }
  return { config: own, tensors: bare, files };
}

/** config.json under the class that opens the model, in the dtype that is saved. */
function modelConfig(config: EncoderConfig, className: string): Record<string, unknown> {
  const json = encoderConfigToJson(config);
  const stated = ['dtype', 'torch_dtype'].filter((key) => key in json).map((key) => [key, 'float32']);
  return { ...json, ...Object.fromEntries(stated), architectures: [className] };
}

const retrievalSettings = ({ query_length, document_length, query_instruction }: ColbertSettings) => ({
  query_length,
  document_length,
  query_instruction,
});

const pylateConfig = (settings: ColbertSettings) => ({
  model_type: 'ColBERT',
  similarity_fn_name: 'MaxSim',
  query_prefix: settings.query_prefix,
  document_prefix: settings.document_prefix,
  query_length: settings.query_length,
  document_length: settings.document_length,
  do_query_expansion: settings.do_query_expansion,
  attend_to_expansion_tokens: settings.attend_to_expansion_tokens,
  skiplist_words: settings.skiplist_words,
});

const stanfordMetadata = (settings: ColbertSettings) => ({
  query_token_id: settings.query_prefix,
  doc_token_id: settings.document_prefix,
  query_maxlen: settings.query_length,
  doc_maxlen: settings.document_length,
  attend_to_mask_tokens: settings.attend_to_expansion_tokens,
  mask_punctuation: settings.skiplist_words.length > 0,
  dim: settings.projection.at(-1)!.out,
  similarity: 'cosine',
});
