import { architectures, ConfigError, type EncoderConfig, isJsonObject } from '@rag/models';
import { openTokenizer, type TokenizerTexts } from '@rag/text';

type Json = Readonly<Record<string, unknown>>;

/**
 * A decoder's tokenizer files with the end-of-sequence token behind every text where tokenizer_config.json asks for it by `add_eos_token` and the
 * template of tokenizer.json has none: the vector of a last-token embedder is that token's (GTE-Qwen2). The classes of transformers 4 added
 * it when they were opened; those of transformers 5 do not read the key beside a tokenizer.json, so the template is rewritten, for them too.
 * Files of encoders, and all that do not ask, are given back as they are.
 * @throws ConfigError for an `eos_token` that is no single token, and for a post-processor that is no template
 */
export function eosTokenizer(
  files: TokenizerTexts,
  { model_type }: Pick<EncoderConfig, 'model_type'>,
): TokenizerTexts {
  const { 'tokenizer.json': text, 'tokenizer_config.json': settings = '{}' } = files;
  if (text === undefined || architectures[model_type].stages === undefined) return files;
  const config = object(JSON.parse(settings), 'tokenizer_config.json');
  if (config.add_eos_token !== true) return files;
  const { eos_token } = config;
  const name = isJsonObject(eos_token) ? eos_token.content : eos_token;
  const tokenizer = openTokenizer(files);
  const ids = typeof name === 'string' ? tokenizer.encodePieces(name) : [];
  if (typeof name !== 'string' || ids.length !== 1)
    throw new ConfigError(
      'eos_token',
      'one token of the vocabulary, which "add_eos_token" puts behind every text',
      eos_token,
      'correct it, or leave "add_eos_token" out',
      'tokenizer_config.json',
    );
  const last = tokenizer.templates.single.at(-1);
  if (last?.kind === 'special' && last.ids.at(-1) === ids[0]) return files;
  const json = object(JSON.parse(text), 'tokenizer.json');
  const special = { id: name, ids, tokens: [name] };
  const post_processor = withEos(json.post_processor ?? null, special);
  return { ...files, 'tokenizer.json': JSON.stringify({ ...json, post_processor }) };
}

interface SpecialToken {
  readonly id: string;
  readonly ids: readonly number[];
  readonly tokens: readonly string[];
}

/** A bare text, and a pair of them. */
const PLAIN = {
  type: 'TemplateProcessing',
  single: [{ Sequence: { id: 'A', type_id: 0 } }],
  pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
  special_tokens: {},
};

function withEos(processor: unknown, eos: SpecialToken): Json {
  const { type } = processor === null ? PLAIN : object(processor, 'tokenizer.json');
  const given = processor as Json & { readonly processors?: unknown };
  if (processor === null) return template(PLAIN, eos);
  if (type === 'ByteLevel') return { type: 'Sequence', processors: [given, template(PLAIN, eos)] };
  if (type === 'TemplateProcessing') return template(given, eos);
  if (type === 'Sequence' && Array.isArray(given.processors)) {
    const isTemplate = (step: unknown) => isJsonObject(step) && step.type === 'TemplateProcessing';
    const steps: unknown[] = given.processors;
    const processors = steps.some(isTemplate)
      ? steps.map((step) => (isTemplate(step) ? template(step as Json, eos) : step))
      : [...steps, template(PLAIN, eos)];
    return { ...given, processors };
  }
  throw new ConfigError(
    'post_processor.type',
    'TemplateProcessing, ByteLevel or a Sequence of them, to add what "add_eos_token" asks for',
    type,
    'put the token into the template, and leave "add_eos_token" out',
    'tokenizer.json',
  );
}

/** The token behind each text of a TemplateProcessing, of the text's type. */
function template(processor: Json, eos: SpecialToken): Json {
  const behind = (pieces: unknown) =>
    (pieces as readonly { readonly Sequence?: { readonly type_id: number } }[]).flatMap((piece) =>
      piece.Sequence ? [piece, { SpecialToken: { id: eos.id, type_id: piece.Sequence.type_id } }] : [piece],
    );
  return {
    ...processor,
    single: behind(processor.single),
    pair: behind(processor.pair),
    special_tokens: { ...(processor.special_tokens as Json), [eos.id]: eos },
  };
}

function object(json: unknown, where: string): Json {
  if (!isJsonObject(json))
    throw new ConfigError('(file)', 'a JSON object', json, 'fetch the file again', where);
  return json;
}
