import {
  architectures,
  type EncoderConfig,
  labelCount,
  ModelKindError,
  parseEncoderConfig,
  withLabelCount,
} from '@rag/models';

/** The entry of `architectures` in config.json that makes transformers open a model as a sequence classifier. */
const className = ({ model_type }: EncoderConfig): string =>
  architectures[model_type].classNames.sequenceClassification;

/**
 * The config of a checkpoint as that of a reranker.
 * @throws ConfigError for fields that do not fit; ModelKindError where the file states a classifier of another number of
 * labels, unless `newHead` replaces it
 */
export function readClassifierConfig(json: unknown, newHead?: boolean): EncoderConfig {
  const config = parseEncoderConfig(json);
  const { architectures: stated } = config.extra;
  const classifier = Array.isArray(stated) && stated.includes(className(config));
  const labels = labelCount(config);
  if (classifier && labels !== 1 && newHead !== true)
    throw new ModelKindError(
      'config.json',
      `expected a model of one label (a reranker), got ${labels ?? 'none stated, which means 2'}`,
      'pass newHead: true to replace the head',
    );
  return classifierConfig(config);
}

/** The same model with a head of one label, under the class name and the dtype that it is saved with. */
export function classifierConfig(config: EncoderConfig): EncoderConfig {
  const { extra, ...fields } = withLabelCount(config, 1);
  // transformers opens a model in the dtype that the file states; older versions spell the key torch_dtype.
  const stated = ['dtype', 'torch_dtype'].filter((key) => key in extra).map((key) => [key, 'float32']);
  return {
    ...fields,
    extra: {
      ...extra,
      ...Object.fromEntries(stated),
      architectures: [className(config)],
    },
  };
}
