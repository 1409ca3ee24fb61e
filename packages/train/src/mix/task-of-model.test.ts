import { memorySource } from '@rag/models';
import { expect, test } from 'vitest';
import { taskOfModel } from './task-of-model.js';

const module = (kind: string) => ({ path: '', type: `sentence_transformers.models.${kind}` });
const config = (architecture: string) => ({
  'config.json': JSON.stringify({ architectures: [architecture] }),
});
const modules = (...kinds: string[]) => ({ 'modules.json': JSON.stringify(kinds.map(module)) });

test.each([
  ['reranker', config('XLMRobertaForSequenceClassification')],
  ['embedding', { ...config('BertModel'), ...modules('Transformer', 'Pooling', 'Normalize') }],
  ['colbert', { ...config('BertModel'), ...modules('Transformer', 'Dense') }],
  ['colbert', { ...config('BertModel'), 'colbert_linear.pt': '' }],
  ['colbert', { ...config('HF_ColBERT'), 'artifact.metadata': '{}' }],
  ['reranker', { ...config('Qwen3ForCausalLM'), 'reranker_config.json': '{}' }],
  ['reranker', { ...config('Qwen3ForCausalLM'), ...modules('Transformer', 'LogitScore') }],
  ['reranker', config('LayerWiseMiniCPMForCausalLM')],
] as const)('%s by its files, %#', async (task, files) => {
  expect(await taskOfModel('model', memorySource(files))).toBe(task);
});

test.each(['BertModel', 'Qwen3ForCausalLM'])('a bare %s does not say', async (architecture) => {
  const bare = memorySource(config(architecture));
  await expect(taskOfModel('bge', bare)).rejects.toThrow(
    '--task: expected reranker, embedding or colbert for bge, whose files do not say',
  );
});
