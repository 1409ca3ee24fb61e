import { expect, test } from 'vitest';
import { modelCardUse } from './model-card-use.js';

test('code for each tool that opens the directory, and for no other', () => {
  const use = modelCardUse({ task: 'embedding', onnx: true });
  expect(use.match(/^```\w+$/gm)).toEqual(['```ts', '```python', '```js']);
  expect(use).toContain('const { sentence_embedding } = await opened(inputs);');
  expect(modelCardUse({ task: 'embedding', onnx: false })).not.toContain('```js');
});

test('a language model opens as what it is, by tools that write its pairs', () => {
  const use = modelCardUse({ task: 'reranker', decoder: true, onnx: true });
  expect(use).toContain("await Reranker.fromPretrained('./model', { verify: true })");
  expect(use).toContain('reranker_config.json');
  expect(use.match(/^```\w+$/gm)).toEqual(['```ts']);
});

// transformers.js takes a bare word for a name of the hub, and looks below its own package for it.
test.each(['reranker', 'embedding', 'colbert'] as const)('%s: every tool is given a path', (task) => {
  for (const layout of ['rag-retrieval', 'pylate', 'colbertv2'] as const) {
    const use = modelCardUse({ task, layout, onnx: true });
    expect(use.match(/['"]\.\/model[/'"]/g)!.length).toBeGreaterThanOrEqual(4);
    expect(use).not.toMatch(/['"]model[/'"]/);
  }
});

test('what is left to do with token vectors is said by layout', () => {
  const use = (layout: 'rag-retrieval' | 'pylate') => modelCardUse({ task: 'colbert', layout, onnx: true });
  expect(use('rag-retrieval')).toContain('// Vectors of length 1; those of each text’s first token');
  expect(use('pylate')).toContain('// Vectors of length 1; markers,');
});
