import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { encoderConfigToJson, longestSequence, parseEncoderConfig } from '../config.js';
import { ConfigError } from '../config-file.js';
import { initializeParameter } from '../initialize.js';
import { matchParameters } from '../match-parameters.js';
import { architectures } from './index.js';

const fixtures = new URL('../fixtures/', import.meta.url);
const read = (name: string, file: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`${name}/${file}`, fixtures), 'utf8'));
/** The checkpoints that scripts/golden/transformers-encoders.py writes. */
const names = readdirSync(fixtures).filter((name) =>
  ['config.json', 'golden.json'].every((file) => existsSync(new URL(`${name}/${file}`, fixtures))),
);

describe.each(names)('%s', (name) => {
  const json = read(name, 'config.json');
  const golden = read(name, 'golden.json') as { class: string; parameters: Record<string, number[]> };
  const config = parseEncoderConfig(json);

  it('has its config.json read and given back', () => {
    expect(config).toMatchObject({ vocab_size: json.vocab_size, initializer_range: json.initializer_range });
    expect(config.num_hidden_layers).toBeGreaterThan(1);
    const again = encoderConfigToJson(config);
    // A file of older spelling keeps it beside the newer one; fields that a file leaves out are written out.
    const replaced = ['model_type', ...(architectures[config.model_type].config.replaced ?? [])];
    const kept = Object.entries(json).filter(([key]) => replaced.length === 1 || !replaced.includes(key));
    expect(again).toMatchObject(Object.fromEntries(kept));
    if (name === 'jina_embeddings_v3-published') expect(again.model_type).toBe('jina_embeddings_v3');
    else if (name === 'jina_xlm_roberta') expect(parseEncoderConfig(again).model_type).toBe('xlm-roberta');
    else if (!['nomic_bert-published', 'deberta-v2-unshared'].includes(name)) expect(again).toEqual(json);
    const { model_type } = parseEncoderConfig(again);
    expect(parseEncoderConfig(again)).toEqual({ ...config, model_type, extra: expect.anything() });
    if (name !== 'jina_xlm_roberta') expect(model_type).toBe(config.model_type);
  });

  it('is saved under the class that transformers opens it as', () => {
    const { encoder, sequenceClassification, causalLm } = architectures[config.model_type].classNames;
    const theirs = name === 'new' ? golden.class.replace('Gte', 'New') : golden.class;
    if (name !== 'jina_embeddings_v3-published') expect(json.architectures).toEqual([theirs]);
    expect([encoder, sequenceClassification, causalLm]).toContain(theirs);
  });

  it('has a rule for each fresh parameter', () => {
    for (const [path, shape] of Object.entries(golden.parameters)) {
      const values = initializeParameter({ name: path, shape }, config, 3);
      const constant = /(norm|ln)(\d*|_[12qk])\.weight$/i.test(path)
        ? (architectures[config.model_type].freshNorm ?? 1)
        : path.endsWith('bias')
          ? 0
          : undefined;
      const kind = path.endsWith('relative_attention_bias.weight') ? undefined : constant;
      expect(
        values.every((value) => value === (kind ?? values[0])),
        path,
      ).toBe(kind !== undefined);
    }
  });

  it('is found bare in a task’s checkpoint, and with a fresh head in a bare one', () => {
    const { baseModelPrefix, headPrefixes, otherHeads = [] } = architectures[config.model_type];
    const prefixed = Object.entries(golden.parameters).map(([path, shape]) => ({ name: path, shape }));
    if (!prefixed.some(({ name: path }) => path.startsWith(`${baseModelPrefix}.`))) return;
    // The heads of causal and of layer-wise models are never fresh.
    if (golden.class.endsWith('ForCausalLM')) return;
    const isHead = (path: string) => headPrefixes.some((head) => path.startsWith(`${head}.`));
    const bare = prefixed.flatMap(({ name: path, shape }) =>
      isHead(path) ? [] : [{ name: path.slice(baseModelPrefix.length + 1), shape }],
    );
    const index = (of: typeof bare) => ({
      names: of.map(({ name: path }) => path),
      shape: (path: string) => of.find((one) => one.name === path)!.shape,
    });
    const options = { prefix: baseModelPrefix, otherHeads };
    const others = otherHeads.map((head) => ({ name: `${head}.weight`, shape: [3, 3] }));
    const toBare = matchParameters(bare, index([...prefixed, ...others]), { ...options, heads: [] });
    expect(toBare.sources.size).toBe(bare.length);
    const fresh = matchParameters(prefixed, index(bare), { ...options, heads: headPrefixes });
    expect(fresh.initialized).toEqual(prefixed.map(({ name: path }) => path).filter(isHead));
    expect(fresh.initialized.length).toBeGreaterThan(0);
  });
});

const change = (name: string, fields: Record<string, unknown>) => () =>
  parseEncoderConfig({ ...read(name, 'config.json'), ...fields });

test.each<[string, Record<string, unknown>, RegExp]>([
  ['deberta-v2', { conv_kernel_size: 3 }, /"conv_kernel_size" expected 0 or null, got 3/],
  ['deberta-v2', { pos_att_type: 'p2p' }, /"pos_att_type" expected c2p and p2c/],
  ['deberta-v2', { pos_att_type: ['c2p', 7] }, /"pos_att_type" expected c2p and p2c/],
  ['deberta-v2', { attention_head_size: 3 }, /"attention_head_size" expected 8, got 3/],
  ['deberta-v2', { pooler_hidden_size: 3 }, /"pooler_hidden_size" expected 16/],
  ['deberta-v2', { norm_rel_ebd: 'batch_norm' }, /"norm_rel_ebd" expected "layer_norm" or "none"/],
  ['deberta-v2', { position_buckets: 2.5 }, /"position_buckets" expected a whole number, or -1/],
  ['distilbert', { dim: 15 }, /"n_heads" expected a divisor of "dim" \(15\)/],
  ['distilbert', { dropout: 1 }, /"dropout" expected a probability/],
  ['mpnet', { relative_attention_num_buckets: 64 }, /"relative_attention_num_buckets" expected 32/],
  ['mpnet', { pad_token_id: 0 }, /"pad_token_id" expected 1, got 0/],
  ['modernbert', { layer_types: ['full_attention'] }, /"layer_types" expected 4 entries/],
  ['modernbert', { layer_types: ['linear', 'a', 'b', 'c'] }, /"layer_types" expected a list, each one of/],
  ['modernbert', { rope_parameters: { full_attention: {} } }, /"rope_parameters" expected for each of/],
  ['modernbert', { rope_scaling: { rope_type: 'yarn' } }, /"rope_scaling" expected null/],
  ['modernbert', { num_attention_heads: 16 }, /"num_attention_heads" expected heads of an even width/],
  ['modernbert', { classifier_pooling: 'max' }, /"classifier_pooling" expected one of cls, mean/],
  ['modernbert-biased', { local_rope_theta: 0 }, /"local_rope_theta" expected a positive number/],
  ['gte', { rope_parameters: { rope_type: 'yarn', rope_theta: 1 } }, /"rope_parameters" expected/],
  ['gte', { rope_parameters: undefined }, /"rope_theta" expected a positive number, got nothing/],
  ['new', { rope_scaling: { type: 'dynamic', factor: 2 } }, /"rope_scaling" expected \{"type": "ntk"/],
  ['new', { position_embedding_type: 'absolute' }, /"position_embedding_type" expected "rope"/],
  ['new', { layer_norm_type: 'rms_norm' }, /"layer_norm_type" expected "layer_norm"/],
  ['new', { logn_attention_scale: true }, /"logn_attention_scale" expected false/],
  ['new', { pack_qkv: false }, /"pack_qkv" expected true/],
  ['nomic_bert-published', { qkv_proj_bias: true }, /"qkv_proj_bias" expected false or null, got true/],
  ['nomic_bert-published', { rotary_emb_fraction: 0.5 }, /"rotary_emb_fraction" expected 1/],
  ['nomic_bert-published', { rotary_scaling_factor: 2 }, /"rotary_scaling_factor" expected null or 0/],
  ['nomic_bert-published', { moe_every_n_layers: 2 }, /"moe_every_n_layers" expected null or 0/],
  ['nomic_bert-published', { activation_function: 'gelu' }, /"activation_function" expected one of swiglu/],
  ['nomic_bert-published', { n_embd: '16' }, /"n_embd" expected a positive whole number, got "16"/],
  [
    'jina_bert',
    { auto_map: undefined, _name_or_path: 'me/fine-tuned' },
    /"auto_map" expected code of jinaai/,
  ],
  ['jina_bert', { auto_map: { AutoModel: 'x--y.JinaBertModel' } }, /"auto_map" expected code of jinaai/],
  ['jina_bert', { feed_forward_type: 'original' }, /"feed_forward_type" expected one of geglu, reglu/],
  [
    'jina_embeddings_v3-published',
    { rotary_emb_interleaved: true },
    /"rotary_emb_interleaved" expected false/,
  ],
  ['jina_embeddings_v3-published', { rotary_emb_base: undefined }, /"rotary_emb_base" expected a positive/],
  [
    'jina_embeddings_v3',
    { num_attention_heads: 16 },
    /"num_attention_heads" expected heads of an even width/,
  ],
  ['jina_embeddings_v3', { rope_parameters: { rope_type: 'yarn' } }, /"rope_parameters" expected/],
  ['jina_xlm_roberta', { position_embedding_type: 'alibi' }, /"position_embedding_type" expected "absolute"/],
  ['electra', { embedding_size: 0 }, /"embedding_size" expected a positive whole number/],
  ['albert', { num_hidden_groups: 9 }, /"num_hidden_groups" expected at most "num_hidden_layers" \(3\)/],
])('%s with %j is refused', (name, fields, message) => {
  expect(change(name, fields)).toThrow(ConfigError);
  expect(change(name, fields)).toThrow(message);
});

test('fields that a family’s own checkpoints leave out have its meaning of that', () => {
  const { pad_token_id, pooler_dropout, max_relative_positions, ...v3 } = read('deberta-v2', 'config.json');
  expect(parseEncoderConfig(v3)).toMatchObject({
    pad_token_id: 0,
    pooler_dropout: 0,
    max_relative_positions: -1,
  });
});

test('common fields are read by the names that the family gives them, and written so', () => {
  const config = parseEncoderConfig(read('distilbert', 'config.json'));
  expect(config).toMatchObject({ hidden_size: 16, num_attention_heads: 2, type_vocab_size: 0 });
  const json = encoderConfigToJson({ ...config, vocab_size: 40 });
  expect(json).toMatchObject({ dim: 16, n_heads: 2, vocab_size: 40 });
  expect(Object.keys(json).filter((key) => ['hidden_size', 'type_vocab_size'].includes(key))).toEqual([]);
});

test('the longest sequence is the position table, less what counts from the padding id leave unused', () => {
  const longest = (name: string) => longestSequence(parseEncoderConfig(read(name, 'config.json')));
  expect(['modernbert', 'mpnet', 'new', 'nomic_bert-published'].map(longest)).toEqual([24, 24, 24, 24]);
});

describe('code of its own on the hub', () => {
  const named = (name: string, code: string) =>
    change(name, { auto_map: { AutoTokenizer: ['tokenizing.Own', null], AutoModel: code } });

  test.each([
    ['bert', 'bert_layers.BertForMaskedLM'],
    ['modernbert', 'someone/repository--modeling.ModernBertModel'],
    ['nomic_bert-published', 'modeling.NomicVisionModel'],
    ['new', 'modeling.NewerModel'],
    ['jina_xlm_roberta', 'modeling.XLMRobertaFlashModel'],
  ])('is refused for %s where it is %s', (name, code) => {
    expect(named(name, code)).toThrow(ConfigError);
    expect(named(name, code)).toThrow(
      /"auto_map" expected no modeling code .* as AutoModel, got .*arch.* index\.ts \(CONTRIBUTING\.md/,
    );
  });

  test.each([
    ['nomic_bert-published', 'nomic-ai/nomic-bert-2048--modeling_hf_nomic_bert.NomicBertModel'],
    ['new', 'Alibaba-NLP/new-impl--modeling.NewModel'],
    ['gte', 'modeling_hf_alibaba_nlp_gte.GteModel'],
    ['jina_xlm_roberta', 'jinaai/xlm-roberta-flash-implementation--modeling_lora.XLMRobertaLoRA'],
  ])('passes for %s where %s is re-implemented here', (name, code) => {
    expect(named(name, code)).not.toThrow();
  });

  test('decides between families that share a model_type, and so does what only their files state', () => {
    const typeOf = (name: string, fields: Record<string, unknown> = {}) => change(name, fields)().model_type;
    expect(typeOf('jina_bert')).toBe('jina_bert');
    expect(typeOf('jina_bert', { auto_map: { AutoModel: 'modeling_bert.JinaBertModel' } })).toBe('jina_bert');
    expect(typeOf('jina_xlm_roberta')).toBe('jina_xlm_roberta');
    expect(typeOf('jina_xlm_roberta', { auto_map: undefined })).toBe('jina_xlm_roberta');
    expect(typeOf('jina_embeddings_v3-published', { use_flash_attn: undefined })).toBe('jina_embeddings_v3');
    expect(typeOf('xlm-roberta')).toBe('xlm-roberta');
    expect(change('bert', { model_type: 'jina_bert' })).toThrow(
      /"model_type" expected one of albert, bert, deb/,
    );
  });
});
