import { lossByName } from '@rag/losses';
import { expect, test } from 'vitest';
import { adapterTask, rerankerLoss, wholeModel } from './reranker-session.js';

test('a loss reads the teacher where it must, or may and is told to', () => {
  const teacher = (name: string, knowledgeDistillation: boolean) =>
    rerankerLoss(lossByName(name), { knowledgeDistillation });
  expect(teacher('pointwise_bce', false)).toMatchObject({ kind: 'pointwise' });
  expect(teacher('group_softmax', false)).toMatchObject({ kind: 'group', teacher: false, selfTaught: true });
  expect(teacher('group_softmax', true)).toMatchObject({ teacher: true, selfTaught: false });
  expect(teacher('kl_divergence', false)).toMatchObject({ teacher: true });
});

test('a model is saved with the names and shapes that it has, and values that are read when they are written; and with how long its pairs were', async () => {
  const data = Float32Array.of(1, 2);
  const config = { model_type: 'bert', max_position_embeddings: 8, extra: {} } as never;
  const saved = wholeModel(
    {
      config,
      tokenizerFiles: {},
      model: { parts: { config, files: { 'reranker_config.json': '{}' } } } as never,
      weights: { parameters: [{ name: 'a', shape: [2] }], read: async () => new Float32Array(2) },
      maxLength: 6,
    },
    async () => data,
  );
  const [tensor, ...none] = [...saved.tensors] as {
    name: string;
    shape: number[];
    data: () => Promise<Float32Array>;
  }[];
  expect([tensor, none]).toMatchObject([{ name: 'a', shape: [2] }, []]);
  expect(await tensor!.data()).toBe(data);
  expect(saved.config).toMatchObject({ model_type: 'bert' });
  expect(JSON.parse(String(saved.files!['reranker_config.json']))).toEqual({ max_len: 6 });
});

test('adapters are of a classifier, or of a language model that answers', () => {
  expect((['cross-encoder', 'llm-decoder', 'yes-no'] as const).map(adapterTask)).toEqual([
    'SEQ_CLS',
    'SEQ_CLS',
    'CAUSAL_LM',
  ]);
});
