import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { encoderConfigToJson, parseEncoderConfig } from './config.js';
import { configText } from './config-text.js';

const fixtures = new URL('./fixtures/', import.meta.url);

it.each([
  'modernbert',
  'modernbert-biased',
  'nomic_bert',
  'nomic_bert-published',
  'gte',
  'albert',
  'jina_bert',
])('%s: numbers are written as transformers wrote them, whole ones too', (name) => {
  expect(readdirSync(fixtures)).toContain(name);
  const theirs = readFileSync(new URL(`${name}/config.json`, fixtures), 'utf8');
  const ours = configText(encoderConfigToJson(parseEncoderConfig(JSON.parse(theirs))));
  expect(JSON.parse(ours)).toMatchObject(JSON.parse(theirs));
  const whole = (text: string) => [...text.matchAll(/^ {2}"(\w+)": (-?\d+\.0),?$/gm)].map(([line]) => line);
  const written = whole(ours).map((line) => line.replace(',', ''));
  for (const line of whole(theirs)) expect(written).toContain(line.replace(',', ''));
});

it('other numbers, nested ones and texts stay as they are', () => {
  const config = {
    attention_dropout: 0,
    hidden_size: 2,
    layer_norm_eps: 1e-5,
    note: '\n  "attention_dropout": 1,\n',
    rope_parameters: { rope_theta: 3 },
    classifier_dropout: null,
    rope_theta: -4,
  };
  const text = configText(config);
  expect(JSON.parse(text)).toEqual(config);
  expect(text.match(/-?\d\.0(?=,?\n)/g)).toEqual(['0.0', '-4.0']);
  expect(text.endsWith('}\n')).toBe(true);
});
