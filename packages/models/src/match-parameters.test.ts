import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { matchParameters, ParameterMatchError, type ParameterSpec } from './match-parameters.js';

const goldenParameters = (name: string): Record<string, number[]> =>
  JSON.parse(readFileSync(new URL(`./fixtures/${name}/golden.json`, import.meta.url), 'utf8')).parameters;
const specs = (shapes: Record<string, readonly number[]>): ParameterSpec[] =>
  Object.entries(shapes).map(([name, shape]) => ({ name, shape }));
const tensors = (shapes: Record<string, readonly number[]>) => ({
  names: Object.keys(shapes),
  shape: (name: string) => shapes[name]!,
});

const bert = goldenParameters('bert');
const bare = goldenParameters('bert-encoder');
const head = ['classifier.weight', 'classifier.bias'];
const pooler = ['bert.pooler.dense.weight', 'bert.pooler.dense.bias'];
const heads = ['classifier', 'bert.pooler'];
const without = (shapes: Record<string, number[]>, ...names: string[]) =>
  Object.fromEntries(Object.entries(shapes).filter(([name]) => !names.includes(name)));
function failure(run: () => unknown): ParameterMatchError {
  try {
    run();
  } catch (error) {
    if (error instanceof ParameterMatchError) return error;
  }
  throw new Error('expected a ParameterMatchError');
}

describe('a checkpoint of the same model', () => {
  test.each([
    ['bert', 'bert'],
    ['roberta', 'roberta'],
    ['xlm-roberta', 'roberta'],
  ])('%s: every name is its own source', (name, prefix) => {
    const shapes = goldenParameters(name);
    const match = matchParameters(specs(shapes), tensors(shapes), { prefix });
    expect([...match.sources]).toEqual(Object.keys(shapes).map((parameter) => [parameter, parameter]));
    expect(match).toMatchObject({ initialized: [], unexpected: [], ignored: [] });
  });

  test('old LayerNorm names and stored buffers', () => {
    const old = Object.fromEntries(
      Object.entries(bert).map(([name, shape]) => [
        name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta'),
        shape,
      ]),
    );
    const match = matchParameters(specs(bert), tensors({ ...old, 'bert.embeddings.position_ids': [1, 40] }), {
      prefix: 'bert',
    });
    expect(match.sources.get('bert.embeddings.LayerNorm.weight')).toBe('bert.embeddings.LayerNorm.gamma');
    expect(match.sources.get('bert.encoder.layer.1.output.LayerNorm.bias')).toBe(
      'bert.encoder.layer.1.output.LayerNorm.beta',
    );
    expect(match.sources.size).toBe(Object.keys(bert).length);
    expect(match.ignored).toEqual(['bert.embeddings.position_ids']);
    expect(match.unexpected).toEqual([]);
  });
});

describe('a bare encoder', () => {
  test('lacks the prefix and the head, which is fresh and said so', () => {
    const match = matchParameters(specs(bert), tensors(bare), { prefix: 'bert', heads });
    expect(match.sources.get('bert.embeddings.word_embeddings.weight')).toBe(
      'embeddings.word_embeddings.weight',
    );
    expect(match.sources.get('bert.pooler.dense.weight')).toBe('pooler.dense.weight');
    expect(match.initialized).toEqual(head);
    expect(match.sources.size + head.length).toBe(Object.keys(bert).length);
  });

  test('with newHead: false is an error that names the head', () => {
    const error = failure(() =>
      matchParameters(specs(bert), tensors(bare), { prefix: 'bert', newHead: false }),
    );
    expect(error.missing.map(({ name }) => name)).toEqual(head);
    expect(error.message).toContain('classifier.weight: expected a tensor [1,32], got none');
  });

  test('with old LayerNorm names and an unprefixed buffer', () => {
    const { 'embeddings.LayerNorm.weight': gamma, ...rest } = bare;
    const file = { ...rest, 'embeddings.LayerNorm.gamma': gamma!, 'embeddings.position_ids': [1, 40] };
    const match = matchParameters(specs(bert), tensors(file), { prefix: 'bert' });
    expect(match.sources.get('bert.embeddings.LayerNorm.weight')).toBe('embeddings.LayerNorm.gamma');
    expect(match.ignored).toEqual(['embeddings.position_ids']);
  });
});

describe('a head', () => {
  const pretrained = {
    ...without(bert, ...head, ...pooler),
    'cls.predictions.bias': [100],
    'cls.predictions.transform.dense.bias': [32],
  };

  test('of a masked language model is listed, the wanted one and the pooler are fresh', () => {
    const match = matchParameters(specs(bert), tensors(pretrained), { prefix: 'bert', heads });
    expect(match.initialized).toEqual([...pooler, ...head]);
    expect(match.unexpected).toEqual(['cls.predictions.bias', 'cls.predictions.transform.dense.bias']);
  });

  test('pooler missing beside a present classifier is an error: the file is broken', () => {
    const error = failure(() =>
      matchParameters(specs(bert), tensors(without(bert, ...pooler)), { prefix: 'bert', heads }),
    );
    expect(error.missing.map(({ name }) => name)).toEqual(pooler);
  });

  test('missing in part is an error, unless a new one is asked for', () => {
    const part = tensors(without(bert, 'classifier.bias'));
    expect(failure(() => matchParameters(specs(bert), part, { prefix: 'bert', heads })).missing).toEqual([
      { name: 'classifier.bias', shape: [1] },
    ]);
    const match = matchParameters(specs(bert), part, { prefix: 'bert', heads, newHead: true });
    expect(match.initialized).toEqual(head);
    expect(match.unexpected).toEqual(['classifier.weight']);
    expect(match.sources.has('bert.pooler.dense.weight')).toBe(true);
  });

  test('of another size is an error with both shapes, replaced when asked for', () => {
    const three = tensors({ ...bert, 'classifier.weight': [3, 32], 'classifier.bias': [3] });
    const error = failure(() => matchParameters(specs(bert), three, { prefix: 'bert', heads }));
    expect(error.misshaped).toEqual([
      { name: 'classifier.weight', expected: [1, 32], found: [3, 32] },
      { name: 'classifier.bias', expected: [1], found: [3] },
    ]);
    expect(error.message).toContain('classifier.weight: expected shape [1,32], got [3,32]');
    const match = matchParameters(specs(bert), three, { prefix: 'bert', heads, newHead: true });
    expect(match.initialized).toEqual(head);
    expect(match.unexpected).toEqual(head);
  });

  test('RoBERTa: a pooler that its classifier does not use is listed', () => {
    const roberta = goldenParameters('roberta');
    const names = Object.keys(roberta).filter((name) => name.startsWith('classifier.'));
    const file = {
      ...without(roberta, ...names),
      'roberta.pooler.dense.weight': [32, 32],
      'lm_head.bias': [100],
    };
    const match = matchParameters(specs(roberta), tensors(file), { prefix: 'roberta' });
    expect(match.initialized).toEqual(names);
    expect(match.unexpected).toEqual(['roberta.pooler.dense.weight', 'lm_head.bias']);
  });

  test('one built otherwise is not taken for absent', () => {
    const other = { ...without(bert, ...head), 'classifier.dense.weight': [32, 32] };
    const error = failure(() => matchParameters(specs(bert), tensors(other), { prefix: 'bert', heads }));
    expect(error.unexpected).toEqual(['classifier.dense.weight']);
    const match = matchParameters(specs(bert), tensors(other), { prefix: 'bert', heads, newHead: true });
    expect(match.unexpected).toEqual(['classifier.dense.weight']);
  });
});

describe('the encoder itself', () => {
  const query = 'bert.encoder.layer.0.attention.self.query.weight';

  test.each([undefined, true, false])('is never fresh (newHead: %s)', (newHead) => {
    const error = failure(() =>
      matchParameters(specs(bert), tensors(without(bert, query)), { prefix: 'bert', heads, newHead }),
    );
    expect(error.missing).toEqual([{ name: query, shape: [32, 32] }]);
  });

  test('transposed, of another rank, or with a layer too many is an error that names all of it', () => {
    const file = {
      ...bert,
      'bert.embeddings.token_type_embeddings.weight': [32, 2],
      [query]: [32, 32, 1],
      'bert.encoder.layer.2.output.dense.bias': [32],
    };
    const error = failure(() => matchParameters(specs(bert), tensors(file), { prefix: 'bert' }));
    expect(error.misshaped.map(({ name }) => name)).toEqual([
      'bert.embeddings.token_type_embeddings.weight',
      query,
    ]);
    expect(error.unexpected).toEqual(['bert.encoder.layer.2.output.dense.bias']);
    expect(error.message.split('\n')).toHaveLength(4);
  });

  test('with allowUnexpected a layer too many is listed', () => {
    const file = { ...bert, 'bert.encoder.layer.2.output.dense.bias': [32] };
    const match = matchParameters(specs(bert), tensors(file), { prefix: 'bert', allowUnexpected: true });
    expect(match.unexpected).toEqual(['bert.encoder.layer.2.output.dense.bias']);
  });

  test('both spellings of one LayerNorm: the new one is taken, the old one is an error', () => {
    const file = { ...bert, 'bert.embeddings.LayerNorm.gamma': [32] };
    const error = failure(() => matchParameters(specs(bert), tensors(file), { prefix: 'bert' }));
    expect(error.unexpected).toEqual(['bert.embeddings.LayerNorm.gamma']);
  });
});

test('an encoder alone is found in a task model’s checkpoint and in a bare one', () => {
  const wanted = specs({ 'embeddings.word_embeddings.weight': [4, 2] });
  const options = { prefix: 'bert', heads: [] };
  const inTask = matchParameters(
    wanted,
    tensors({ 'bert.embeddings.word_embeddings.weight': [4, 2], 'classifier.weight': [1, 2] }),
    options,
  );
  expect([...inTask.sources.values()]).toEqual(['bert.embeddings.word_embeddings.weight']);
  expect(inTask.unexpected).toEqual(['classifier.weight']);
  const alone = matchParameters(wanted, tensors({ 'embeddings.word_embeddings.weight': [4, 2] }), options);
  expect([...alone.sources.values()]).toEqual(['embeddings.word_embeddings.weight']);
});

describe('the prefix of published code', () => {
  const nomic = goldenParameters('nomic_bert');
  const inHub = Object.fromEntries(
    Object.entries(nomic).map(([name, shape]) => [name.replace(/^nomic_bert\./, 'bert.'), shape]),
  );
  const options = { prefix: 'nomic_bert', hubPrefix: 'bert', heads: ['classifier', 'nomic_bert.pooler'] };

  test('stands for the one of transformers, head and pooler included', () => {
    const match = matchParameters(specs(nomic), tensors(inHub), { ...options, newHead: false });
    expect(match.initialized).toEqual([]);
    expect([...match.sources.values()]).toEqual(Object.keys(inHub));
  });

  test('is left out of a bare encoder, beside heads of other tasks', () => {
    const isEncoder = (name: string) => name.startsWith('nomic_bert.') && !name.includes('pooler');
    const bareSpecs = specs(nomic).flatMap(({ name, shape }) =>
      isEncoder(name) ? [{ name: name.slice('nomic_bert.'.length), shape }] : [],
    );
    const pretraining = { ...inHub, 'cls.predictions.bias': [60] };
    const match = matchParameters(bareSpecs, tensors(pretraining), { ...options, heads: [] });
    expect([...match.sources.values()]).toEqual(bareSpecs.map(({ name }) => `bert.${name}`));
    expect(match.unexpected).toContain('bert.pooler.dense.weight');
  });

  test('of another family is no prefix', () => {
    const { hubPrefix, ...rest } = options;
    expect(failure(() => matchParameters(specs(nomic), tensors(inHub), rest)).missing.length).toBeGreaterThan(
      9,
    );
  });
});

test('tensors of layers that a graph does not run are spare', () => {
  const shapes = goldenParameters('minicpm_layerwise');
  const kept = Object.fromEntries(
    Object.entries(shapes).filter(([name]) => !/layers\.2\.|lm_head\.[02]\./.test(name)),
  );
  const options = { prefix: 'model', heads: [] };
  const spareTensors = /^(lm_head|model\.layers)\.\d+\./;
  const match = matchParameters(specs(kept), tensors(shapes), { ...options, spareTensors });
  expect([...match.sources.keys()]).toEqual(Object.keys(kept));
  expect(match.unexpected).toContain('lm_head.0.linear_head.weight');
  expect(failure(() => matchParameters(specs(kept), tensors(shapes), options)).unexpected).toContain(
    'model.layers.2.mlp.up_proj.weight',
  );
  const foreign = tensors({ ...shapes, 'model.extra.weight': [1] });
  const refused = failure(() => matchParameters(specs(kept), foreign, { ...options, spareTensors }));
  expect(refused.unexpected).toEqual(['model.extra.weight']);
});
