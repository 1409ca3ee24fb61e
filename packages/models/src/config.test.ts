import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  encoderConfigToJson,
  labelCount,
  longestSequence,
  parseEncoderConfig,
  withLabelCount,
} from './config.js';
import { ConfigError } from './config-file.js';

const raw = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`./fixtures/${name}/config.json`, import.meta.url), 'utf8'));

describe.each(['bert', 'roberta', 'xlm-roberta', 'bert-encoder'])('the config.json of %s', (name) => {
  test('is read under the file’s own names and given back whole', () => {
    const config = parseEncoderConfig(raw(name));
    expect(config).toMatchObject({ hidden_size: 32, num_attention_heads: 4, initializer_range: 0.2 });
    expect(config.extra).toMatchObject({ transformers_version: '5.18.0', use_cache: true });
    expect(encoderConfigToJson(config)).toEqual(raw(name));
    expect(Object.keys(encoderConfigToJson(config))).toEqual(Object.keys(raw(name)));
  });

  test.each(
    Object.keys(parseEncoderConfig(raw(name))).filter(
      (key) => !['extra', 'classifier_dropout'].includes(key),
    ),
  )('without %s is an error that names it, as with a list in its place', (field) => {
    const { [field]: _, ...rest } = raw(name);
    for (const json of [rest, { ...rest, [field]: [] }]) {
      const error = catchError(() => parseEncoderConfig(json, 'dir/config.json'));
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as ConfigError).field).toBe(field);
      expect((error as ConfigError).message).toContain(`dir/config.json: "${field}" expected `);
    }
  });
});

function catchError(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

const bert = raw('bert');

test.each<[string, Record<string, unknown>, RegExp]>([
  [
    'an unknown type',
    { model_type: 'gpt2' },
    /"model_type" expected one of albert, bert, .* xlm-roberta, got "gpt2" — .*add the architecture/,
  ],
  ['a size as text', { hidden_size: '32' }, /"hidden_size" expected a positive whole number, got "32"/],
  ['a fractional size', { num_hidden_layers: 2.5 }, /"num_hidden_layers" expected/],
  ['no layers', { num_hidden_layers: 0 }, /"num_hidden_layers" expected/],
  ['heads that do not divide', { num_attention_heads: 5 }, /a divisor of "hidden_size" \(32\), got 5/],
  ['an unknown activation', { hidden_act: 'mish' }, /"hidden_act" expected one of gelu, .* got "mish"/],
  [
    'relative positions',
    { position_embedding_type: 'relative_key' },
    /"position_embedding_type" expected "absolute"/,
  ],
  ['a decoder', { is_decoder: true }, /"is_decoder" expected false, got true/],
  ['cross attention', { add_cross_attention: true }, /"add_cross_attention" expected false/],
  ['dropout of 1', { hidden_dropout_prob: 1 }, /"hidden_dropout_prob" expected a probability/],
  [
    'negative dropout',
    { classifier_dropout: -0.1 },
    /"classifier_dropout" expected a probability in \[0, 1\) or null/,
  ],
  ['epsilon of 0', { layer_norm_eps: 0 }, /"layer_norm_eps" expected a positive number/],
  ['a pad id outside', { pad_token_id: 100 }, /"pad_token_id" expected an id below "vocab_size" \(100\)/],
  [
    'RoBERTa without pad id',
    { model_type: 'roberta', pad_token_id: null },
    /"pad_token_id" expected a token id, got null/,
  ],
  [
    'RoBERTa without room',
    { model_type: 'roberta', pad_token_id: 50 },
    /"max_position_embeddings" expected more than/,
  ],
])('%s is refused', (_, change, message) => {
  expect(() => parseEncoderConfig({ ...bert, ...change })).toThrow(message);
});

test('a file that is no object is refused', () => {
  expect(() => parseEncoderConfig([])).toThrow(/expected a JSON object, got \[\]/);
});

test('files from before classifier_dropout and with a stated position type are read', () => {
  const { classifier_dropout, ...old } = bert;
  const config = parseEncoderConfig({ ...old, position_embedding_type: 'absolute', pad_token_id: null });
  expect(config).toMatchObject({ classifier_dropout: null, pad_token_id: null });
  expect(config.extra.position_embedding_type).toBe('absolute');
});

describe('labels', () => {
  const parse = (change: Record<string, unknown>) =>
    parseEncoderConfig({ ...raw('bert-encoder'), ...change });

  test('are counted from id2label or num_labels, undefined when the file says nothing', () => {
    expect(labelCount(parse({}))).toBeUndefined();
    expect(labelCount(parse({ num_labels: 3 }))).toBe(3);
    expect(labelCount(parseEncoderConfig(bert))).toBe(1);
    expect(labelCount(parse({ id2label: { 0: 'no', 1: 'yes' }, num_labels: 2 }))).toBe(2);
  });

  test.each([
    [{ id2label: { 0: 'no', 2: 'yes' } }, /"id2label" expected labels numbered from "0"/],
    [{ id2label: {} }, /"id2label" expected/],
    [{ id2label: { 0: 'x' }, num_labels: 2 }, /"num_labels" expected 1, the size of "id2label", got 2/],
    [{ num_labels: 0 }, /"num_labels" expected a positive whole number/],
  ])('%j is refused', (change, message) => {
    expect(() => labelCount(parse(change))).toThrow(message);
  });

  test('are written the way transformers reads them; names stay while their number does', () => {
    const one = withLabelCount(parse({ num_labels: 2 }), 1);
    expect(one.extra).toMatchObject({ id2label: { 0: 'LABEL_0' }, label2id: { LABEL_0: 0 } });
    expect(one.extra).not.toHaveProperty('num_labels');
    const named = parse({ id2label: { 0: 'relevance' } });
    expect(withLabelCount(named, 1)).toBe(named);
    expect(labelCount(withLabelCount(named, 2))).toBe(2);
  });
});

test('RoBERTa counts positions from its padding id, so the longest sequence is shorter', () => {
  const bert = parseEncoderConfig({ ...raw('bert'), max_position_embeddings: 64 });
  expect(longestSequence(bert)).toBe(64);
  const roberta = parseEncoderConfig({ ...raw('roberta'), max_position_embeddings: 64, pad_token_id: 1 });
  expect(longestSequence(roberta)).toBe(62);
});
