import { expect, test } from 'vitest';
import { memorySource } from './file-source.js';
import { modelCardFacts, readModelCardFacts } from './model-card-facts.js';

const card = (...matter: string[]) => ['---', ...matter, '---', '# A model', 'license: mit', ''].join('\n');

test('licence and languages of the front matter, in each way that cards write them', () => {
  expect(
    readModelCardFacts(card('license: apache-2.0', 'language:', '- en', '  - zh', 'tags:', '- x')),
  ).toEqual({
    license: 'apache-2.0',
    language: ['en', 'zh'],
  });
  expect(
    readModelCardFacts(
      card(
        'language: [en, "no"]',
        'license: "other" # see the link',
        "license_name: 'own'",
        'license_link: https://x.y/z#a',
      ),
    ),
  ).toEqual({
    license: 'other',
    license_name: 'own',
    license_link: 'https://x.y/z#a',
    language: ['en', 'no'],
  });
  expect(readModelCardFacts(card('language: zh\r', 'license: mit\r').replaceAll('\r\n', '\n'))).toMatchObject(
    {
      language: ['zh'],
    },
  );
});

test('only keys of the outermost level of front matter count', () => {
  const none = { language: [] };
  for (const text of [
    '',
    'license: mit\n',
    '---\nlicense: mit\n',
    card('model-index:', '  license: mit', '- language: en'),
    card('license:', 'language: null', 'license_name: {a: b}'),
    ` ${card('license: mit')}`,
  ])
    expect(readModelCardFacts(text)).toEqual(none);
});

test('what stands below a hundred thousand lines of results', () => {
  const results = '- a\n'.repeat(100_000);
  const facts = { license: 'mit', language: [] };
  expect(readModelCardFacts(`---\nmodel-index:\n${results}license: mit\n---\n`)).toEqual(facts);
});

test('of a directory: nothing without a card', async () => {
  expect(await modelCardFacts(memorySource({ 'config.json': '{}' }))).toBeUndefined();
  const source = memorySource({ 'README.md': card('license: mit') });
  expect(await modelCardFacts(source)).toEqual({ license: 'mit', language: [] });
  const latin = Uint8Array.of(...new TextEncoder().encode(card('license: mit')), 0xe9, 0xff);
  expect(await modelCardFacts(memorySource({ 'README.md': latin }))).toMatchObject({ license: 'mit' });
});
