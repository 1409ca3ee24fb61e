import { expect, test } from 'vitest';
import { modelCardUse } from './model-card-use.js';

test('code for each tool that opens the directory, and for no other', () => {
  const use = modelCardUse({ task: 'embedding', onnx: true });
  expect(use.match(/^```\w+$/gm)).toEqual(['```ts', '```python', '```js']);
  expect(use).toContain('const { sentence_embedding } = await opened(inputs);');
  expect(modelCardUse({ task: 'embedding', onnx: false })).not.toContain('```js');
});
