import { expect, test } from 'vitest';
import type { ModelCard } from './model-card.js';
import { modelCardMatter } from './model-card-matter.js';

const card = { task: 'embedding', onnx: false, metrics: [], val: [] } as unknown as ModelCard;

test('a name from a hostile card stays text', () => {
  const matter = modelCardMatter({
    ...card,
    base: {
      name: 'a/b',
      commit: 'c',
      facts: { license: 'x\ntags: [y]', license_link: 'https://a.b/c?d#e', language: ['on', '- z'] },
    },
  });
  expect(matter).toContain('license: "x\\ntags: [y]"\n');
  expect(matter).toContain('license_link: "https://a.b/c?d#e"\n');
  expect(matter).toContain('language:\n- "on"\n- "- z"\n');
  expect(matter).toContain('base_model: a/b\n');
});
