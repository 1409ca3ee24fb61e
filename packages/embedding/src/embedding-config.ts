import { type EncoderConfig, type ModelType, parseEncoderConfig } from '@rag/models';

/** The entry of `architectures` in config.json of an encoder without a task's head. */
const CLASS_NAMES: { readonly [Type in ModelType]: string } = {
  bert: 'BertModel',
  roberta: 'RobertaModel',
  'xlm-roberta': 'XLMRobertaModel',
};

/** The config of a checkpoint as that of an embedding model. @throws ConfigError */
export const readEmbeddingConfig = (json: unknown): EncoderConfig =>
  embeddingConfig(parseEncoderConfig(json));

/** The same model as a bare encoder, under the class name and the dtype that it is saved with. */
export function embeddingConfig({ extra, ...fields }: EncoderConfig): EncoderConfig {
  // transformers opens a model in the dtype that the file states; older versions spell the key torch_dtype.
  const stated = ['dtype', 'torch_dtype'].filter((key) => key in extra).map((key) => [key, 'float32']);
  return {
    ...fields,
    extra: { ...extra, ...Object.fromEntries(stated), architectures: [CLASS_NAMES[fields.model_type]] },
  };
}
