import { readFileSync } from 'node:fs';
import { OptionError, parametersOf, parseEncoderConfig } from '@rag/models';
import { openTokenizer } from '@rag/text';
import { expect, test } from 'vitest';
import { answerScores, causalParameters, headLayers, layerwiseScores } from './answer-scores.js';
import { scoresGraph } from './score-model.js';
import { tinyConfig } from './testing/tiny.js';

const text = (name: string): string =>
  readFileSync(new URL(`./fixtures/qwen3-yes-no/${name}`, import.meta.url), 'utf8');
const config = parseEncoderConfig(JSON.parse(text('config.json')));
const tokenizer = openTokenizer({
  'tokenizer.json': text('tokenizer.json'),
  'tokenizer_config.json': text('tokenizer_config.json'),
});
const graphOf = (answer: Parameters<typeof answerScores>[2]) =>
  scoresGraph(answerScores(config, tokenizer, answer));

test('one logit per pair, of one answer or of two, and none of the size of the vocabulary', () => {
  for (const answer of [{ true_token: 'yes' }, { true_token: 'yes', false_token: 'no' }]) {
    const { nodes, outputs } = graphOf(answer);
    expect(outputs.logits!.shape).toEqual(['batch', 1]);
    const widths = nodes.flatMap(({ outputs }) => outputs.map(({ shape }) => shape.at(-1)));
    expect(widths).not.toContain(config.vocab_size);
  }
});

test('a token is named by its text or its id', () => {
  const [id] = tokenizer.encodePieces('yes');
  const named = [{ true_token: 'yes' }, { true_token: id! }];
  const [byText, byId] = named.map((answer) => parametersOf(graphOf(answer)).map(({ name }) => name));
  expect(byId).toEqual(byText);
});

test.each([
  [{ true_token: 'yes and no' }, 'answer.true_token: expected one token of the model'],
  [{ true_token: 'yes', false_token: 100_000 }, 'answer.false_token: expected one token of the model'],
  [{ true_token: 1.5 }, 'answer.true_token: expected one token of the model'],
  [{ true_token: -1 }, 'answer.true_token: expected one token of the model'],
])('%j is none', (answer, message) => {
  expect(() => answerScores(config, tokenizer, answer)).toThrow(OptionError);
  expect(() => answerScores(config, tokenizer, answer)).toThrow(message);
});

test('an encoder has no answer', () => {
  expect(() => answerScores(tinyConfig(), tokenizer, { true_token: 'yes' })).toThrow(
    'expected a causal language model, got "model_type" "bert" — open it with CrossEncoder',
  );
});

test('the parameters of a model do not depend on its answer', () => {
  const own = parametersOf(
    scoresGraph(answerScores(config, tokenizer, { true_token: 'yes', false_token: 'no' })),
  );
  expect(causalParameters(config)).toEqual(own);
});

test('heads behind layers are those from start_layer on, of models that have such', () => {
  expect(layerwiseScores(config)).toBeUndefined();
  expect(headLayers({ ...config, num_hidden_layers: 4, start_layer: 2 } as typeof config)).toEqual([2, 3, 4]);
  expect(headLayers(config)).toEqual([config.num_hidden_layers]);
});
