import { architectures, type EncoderConfig, parseEncoderConfig } from '@rag/models';

/** The config of a checkpoint as that of an embedding model. @throws ConfigError */
export const readEmbeddingConfig = (json: unknown): EncoderConfig =>
  embeddingConfig(parseEncoderConfig(json));

/** The same model as a bare encoder, under the class name and the dtype that it is saved with. */
export function embeddingConfig({ extra, ...fields }: EncoderConfig): EncoderConfig {
  // transformers opens a model in the dtype that the file states; older versions spell the key torch_dtype.
  const stated = ['dtype', 'torch_dtype'].filter((key) => key in extra).map((key) => [key, 'float32']);
  return {
    ...fields,
    extra: {
      ...extra,
      ...Object.fromEntries(stated),
      architectures: [architectures[fields.model_type].classNames.encoder],
    },
  };
}
