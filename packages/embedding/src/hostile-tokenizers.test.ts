import { campaign, mutateBytes, mutateJson, pick, type Random } from '@rag/models/testing';
import {
  completeTokenizerFiles,
  countPieces,
  openTokenizer,
  TokenizerError,
  type TokenizerTexts,
} from '@rag/text';
import { expect, test } from 'vitest';

const SEED = 20261121;
/** A long campaign takes minutes. */
const TIMEOUT = 3_600_000;
const TEXTS = ['', 'ab  ba\n\tcafé', '中文 <mask> <t1>👍🏽 \ud800', `${'a'.repeat(300)} ${' '.repeat(50)}!`];

const CHAT =
  "{% for m in messages %}{% if m['role'] != 'x' %}{{ bos_token }}{{ m.role | upper }}: {{ m.content | trim }}{{ eos_token }}{% else %}{{ raise_exception('no') }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|a|>' ~ m }}{% endif %}";
const BYTES = ['a', 'b', 'c', 'Ġ', '!', 'ab', 'Ġa', 'Ċ'];
const pieces = (first: readonly string[]) =>
  Object.fromEntries([...first, ...BYTES].map((piece, id) => [piece, id]));
const CONFIG = {
  add_prefix_space: false,
  model_max_length: 64,
  chat_template: CHAT,
  bos_token: '<s>',
  pad_token: { content: '<pad>', lstrip: false, normalized: false, single_word: false, special: true },
  additional_special_tokens: ['<t1>', { content: '<t2>', lstrip: true }],
};
const DECODER = { '0': { content: '<s>', special: true }, '1': { content: '<pad>', special: true } };

/** The files of checkpoints that have more than a tokenizer.json, or none. */
const DIRECTORIES: readonly Readonly<Record<string, string>>[] = [
  {
    'vocab.json': JSON.stringify(pieces(['<s>', '<pad>', '</s>', '<unk>', '<mask>'])),
    'merges.txt': '#version: 0.2\na b\nĠ a\n',
    'tokenizer_config.json': JSON.stringify({ ...CONFIG, tokenizer_class: 'RobertaTokenizer' }),
    'special_tokens_map.json': JSON.stringify({
      bos_token: '<s>',
      mask_token: { content: '<mask>', lstrip: true },
    }),
  },
  {
    'vocab.json': JSON.stringify(pieces([])),
    'merges.txt': 'a b\nĠ a\n',
    'tokenizer_config.json': JSON.stringify({
      ...CONFIG,
      bos_token: null,
      tokenizer_class: 'Qwen2Tokenizer',
    }),
    'added_tokens.json': '{"<pad>":8,"<t1>":9}',
  },
  {
    'tokenizer.json': JSON.stringify({
      normalizer: { type: 'Sequence', normalizers: [{ type: 'NFKC' }, { type: 'Prepend', prepend: '▁' }] },
      pre_tokenizer: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
      added_tokens: [{ id: 0, content: '<s>', special: true, normalized: false }],
      model: {
        type: 'BPE',
        vocab: pieces(['<s>', '<pad>']),
        merges: ['a b', ['Ġ', 'a']],
        byte_fallback: false,
      },
    }),
    'tokenizer_config.json': JSON.stringify({ ...CONFIG, added_tokens_decoder: DECODER }),
    'chat_template.jinja': CHAT,
  },
  {
    'vocab.txt': '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\nab\n!\n',
    'tokenizer_config.json': JSON.stringify({
      do_lower_case: true,
      cls_token: '[CLS]',
      chat_template: [{ name: 'default', template: CHAT }],
    }),
    'special_tokens_map.json': '{"unk_token":"[UNK]","additional_special_tokens":["[Q]"]}',
    'added_tokens.json': '{"[Q]":9}',
  },
];

function damagedDirectory(random: Random): TokenizerTexts {
  const files: Record<string, string> = { ...pick(random, DIRECTORIES) };
  for (let i = random(2); i >= 0; i--) {
    const name = pick(random, Object.keys(files));
    if (random(12) === 0) delete files[name];
    else
      files[name] = name.endsWith('.json')
        ? mutateJson(files[name]!, random)
        : mutateText(files[name]!, random);
  }
  return files;
}

const mutateText = (text: string, random: Random): string =>
  new TextDecoder().decode(mutateBytes(new TextEncoder().encode(text), random));

const MESSAGES = [
  { role: 'user', content: 'ab <s> 中' },
  { role: 'assistant', content: '', tool_calls: [{ name: 'f', arguments: { a: [1, null, true] } }] },
];

test('the files beside tokenizer.json, or in its place', { timeout: TIMEOUT }, async () => {
  const open = (files: TokenizerTexts) => {
    const tokenizer = openTokenizer(files);
    for (const text of TEXTS) tokenizer.encodePair(text, 'ab', { maxLength: 64 });
    completeTokenizerFiles(files, { maxLength: 64, tokenTypes: true });
    const counter = countPieces(files, { lowercase: true });
    for (const text of TEXTS) counter.add(text);
    const cut = counter.cut({ keepTokens: ['ab', '__proto__'], keepIds: [0] });
    openTokenizer(cut.files).encodePieces(TEXTS[1]!);
    tokenizer.applyChatTemplate(MESSAGES, { addGenerationPrompt: true });
  };
  for (const files of DIRECTORIES) open(files);
  const report = await campaign({
    format: 'tokenizer files',
    seed: SEED,
    mutant: damagedDirectory,
    open,
    errors: [TokenizerError],
  });
  expect(report.read).toBeGreaterThan(5);
  expect(report.refused).toBeGreaterThan(100);
  expect(report.reasons.size).toBeGreaterThan(30);
  expect(Object.keys(Object.prototype)).toEqual([]);
});

/** What loops, grows, recurses and reaches for the engine. */
const EXPRESSIONS = [
  ...[
    'messages',
    'm',
    'x',
    'n.a',
    'bos_token',
    '1',
    '-1',
    '0',
    '1e308',
    "''",
    "'ab'",
    '[]',
    '{}',
    'none',
    'loop',
  ],
  ...[
    "''.constructor",
    'x.__proto__',
    "x['constructor']",
    'range(10**9)',
    'range(99999)',
    "'a' * 10**9",
    'f',
    'f(x)',
  ],
  ...[
    'messages[0].content',
    'messages[-9:]',
    'x[::0]',
    'caller()',
    'strftime_now(x)',
    'namespace(a=x)',
    '9**9**9',
  ],
];
const FILTERS = [
  'trim',
  'length',
  'list',
  'join(x)',
  'tojson(indent=9)',
  'replace("a", x)',
  'indent(10**6)',
  'string',
];
const MORE_FILTERS = [
  'sort',
  'unique',
  'reverse',
  'map("upper")',
  'selectattr("a", "==", x)',
  'items',
  'constructor',
  'first',
];

function expression(random: Random, depth: number): string {
  if (depth === 0 || random(3) === 0) return pick(random, EXPRESSIONS);
  const inner = () => expression(random, depth - 1);
  switch (random(7)) {
    case 0:
      return `(${inner()} | ${pick(random, [...FILTERS, ...MORE_FILTERS])})`;
    case 1:
      return `${inner()} ${pick(random, ['+', '~', '*', '/', '//', '%', '**', '==', '<', 'in', 'not in', 'and', 'or'])} ${inner()}`;
    case 2:
      return `[${inner()}, ${inner()}]`;
    case 3:
      return `{'a': ${inner()}, '__proto__': ${inner()}}`;
    case 4:
      return `${inner()} if ${inner()} else ${inner()}`;
    case 5:
      return `${inner()}.${pick(random, ['split("a")', 'strip()', 'upper()', 'items()', 'replace(x, x)', '__proto__', 'a', 'get(x)'])}`;
    default:
      return `${inner()}[${inner()}${pick(random, ['', ':', ':2', '::-1'])}]`;
  }
}

function block(random: Random, depth: number): string {
  const value = () => expression(random, 3);
  if (depth === 0) return pick(random, ['a', ' \n', `{{ ${value()} }}`, `{{- ${value()} -}}`]);
  const inner = () => block(random, depth - 1) + block(random, depth - 1);
  switch (random(9)) {
    case 0:
    case 1:
      return `{% for x in ${value()} %}${inner()}{% endfor %}`;
    case 2:
      return `{% if ${value()} %}${inner()}{% else %}${inner()}{% endif %}`;
    case 3:
      return `{% set x = ${value()} %}${inner()}`;
    case 4:
      return `{% set n = namespace(a=x) %}{% for x in ${value()} %}{% set n.a = ${value()} %}${inner()}{% endfor %}`;
    case 5:
      return `{% macro f(x) %}${inner()}{{ f(${value()}) }}{% endmacro %}${inner()}`;
    case 6:
      return `{% set x %}${inner()}{% endset %}${inner()}`;
    case 7:
      return `{% filter ${pick(random, FILTERS)} %}${inner()}{% endfilter %}`;
    default:
      return `{% call f(${value()}) %}${inner()}{% endcall %}`;
  }
}

test('chat templates', { timeout: TIMEOUT }, async () => {
  const report = await campaign({
    format: 'chat template',
    seed: SEED,
    mutant: (random) => {
      const template = random(3) === 0 ? CHAT : block(random, 1 + random(4));
      return random(2) === 0 ? mutateText(template, random) : template;
    },
    open: (template) => {
      const files = { ...DIRECTORIES[3], 'chat_template.jinja': template };
      return openTokenizer(files).applyChatTemplate(MESSAGES);
    },
    errors: [TokenizerError],
  });
  expect(report.read).toBeGreaterThan(20);
  expect(report.refused).toBeGreaterThan(100);
  expect(report.reasons.size).toBeGreaterThan(4);
  expect(Object.keys(Object.prototype)).toEqual([]);
});

test('a list of 60,000 tokens is read in linear time, one without end is refused', {
  timeout: TIMEOUT,
}, () => {
  const tokens = Array.from({ length: 60_000 }, (_, i) => `<t${i}>`);
  const files = DIRECTORIES[2]!;
  const open = (config: object) =>
    openTokenizer({ ...files, 'tokenizer_config.json': JSON.stringify({ ...CONFIG, ...config }) });
  const decoder = Object.fromEntries(tokens.map((content, i) => [10 + i, { content }]));
  expect(open({ additional_special_tokens: tokens }).encodePieces('<t59999>')).toHaveLength(1);
  expect(open({ added_tokens_decoder: decoder, additional_special_tokens: [] }).vocabSize).toBe(60_010);
  expect(() =>
    open({ additional_special_tokens: [...tokens, ...tokens.map((token) => `${token}x`)] }),
  ).toThrow('at most 65536 entries');
});

test('a token that is null is named', () => {
  const config = JSON.stringify({ ...CONFIG, added_tokens_decoder: { '0': null } });
  expect(() => openTokenizer({ ...DIRECTORIES[2]!, 'tokenizer_config.json': config })).toThrow(
    'added_tokens_decoder["0"]: expected an object, got null',
  );
});

test('an id that nests without end is named', () => {
  const files = {
    ...DIRECTORIES[1]!,
    'added_tokens.json': `{"<pad>":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
  };
  expect(() => openTokenizer(files)).toThrow('added_tokens.json "<pad>": expected an integer');
});
