import { describe, expect, it } from 'vitest';
import { memorySource } from './file-source.js';
import { expectTask, statedTask } from './model-task.js';

const modules = (...types: string[]) => JSON.stringify(types.map((type) => ({ path: '', type })));
const classifier = { architectures: ['BertForSequenceClassification'] };
const model = { architectures: ['BertModel'] };
const cases: [name: string, files: Record<string, string>, config: Record<string, unknown>, task: string][] =
  [
    ['one label', {}, { ...classifier, id2label: { 0: 'LABEL_0' } }, 'reranker'],
    ['one label by number', {}, { ...classifier, num_labels: 1 }, 'reranker'],
    ['three labels', {}, { ...classifier, id2label: { 0: 'a', 1: 'b', 2: 'c' } }, 'classifier'],
    ['no labels stated, which means two', {}, classifier, 'classifier'],
    ['a bare encoder', {}, model, 'encoder'],
    ['a config of few words', {}, {}, 'encoder'],
    [
      'Pooling',
      { 'modules.json': modules('st.models.Transformer', 'st.models.Pooling') },
      model,
      'embedding',
    ],
    [
      'PyLate',
      { 'modules.json': modules('st.models.Transformer', 'pylate.models.Dense.Dense') },
      model,
      'colbert',
    ],
    [
      'a cross-encoder of sentence-transformers with modules',
      {
        'modules.json': modules('st.models.Transformer'),
        'config_sentence_transformers.json': '{"model_type":"CrossEncoder"}',
      },
      { ...classifier, num_labels: 1 },
      'reranker',
    ],
    [
      'a language model whose answer scores',
      { 'modules.json': modules('st.models.Transformer', 'st.cross_encoder.modules.logit_score.LogitScore') },
      { architectures: ['Qwen3ForCausalLM'] },
      'reranker',
    ],
    ['SPLADE', { 'config_sentence_transformers.json': '{"model_type":"SparseEncoder"}' }, model, 'sparse'],
    ['RAG-Retrieval', { 'colbert_linear.pt': '' }, model, 'colbert'],
    ["Stanford's ColBERT", {}, { architectures: ['HF_ColBERT'] }, 'colbert'],
    ['a language model', {}, { architectures: ['Qwen3ForCausalLM'] }, 'encoder'],
    [
      'a language model that answers pairs',
      { 'reranker_config.json': '{}' },
      { architectures: ['Qwen3ForCausalLM'] },
      'reranker',
    ],
    ['scores behind layers', {}, { architectures: ['LayerWiseMiniCPMForCausalLM'] }, 'reranker'],
    ['its settings', { 'artifact.metadata': '{}' }, model, 'colbert'],
  ];

describe('statedTask', () => {
  it.each(cases)('%s', async (_, files, config, task) => {
    expect((await statedTask(memorySource(files), config)).task).toBe(task);
  });

  it("a language model's logits may answer pairs too; of another type than the known ones nothing is said", async () => {
    const qwen = { model_type: 'qwen3', architectures: ['Qwen3ForCausalLM'] };
    expect(await statedTask(memorySource({}), qwen)).toMatchObject({ task: 'encoder', also: ['reranker'] });
    const gpt2 = { model_type: 'gpt2', architectures: ['GPT2ForCausalLM'] };
    expect(await statedTask(memorySource({}), gpt2)).not.toHaveProperty('also');
  });

  it('a modules.json that is no list states nothing', async () => {
    expect((await statedTask(memorySource({ 'modules.json': '{}' }), model)).task).toBe('encoder');
  });
});

describe('expectTask', () => {
  const open = (wanted: 'reranker' | 'embedding' | 'colbert', files: Record<string, string>, config = {}) =>
    expectTask({ source: memorySource(files), config }, wanted, 'dir', 'pass newHead: true');

  it('names the class that opens it, and why', async () => {
    await expect(open('reranker', { 'colbert_linear.pt': '' })).rejects.toThrow(
      'dir: expected a model for CrossEncoder, got one of task "colbert" by colbert_linear.pt — open it with ColBERT, or pass newHead: true',
    );
    await expect(open('colbert', {}, { ...classifier, num_labels: 1 })).rejects.toThrow(
      'open it with CrossEncoder',
    );
    const decoder = { model_type: 'qwen2', architectures: ['Qwen2ForSequenceClassification'], num_labels: 1 };
    await expect(open('embedding', {}, decoder)).rejects.toThrow('— open it with Reranker');
    const sparse = { 'config_sentence_transformers.json': '{"model_type":"SparseEncoder"}' };
    await expect(open('embedding', sparse)).rejects.toThrow('(SparseEncoder) — pass newHead: true');
  });

  it('lets both tasks of bge-m3 through', async () => {
    const files = {
      'modules.json': modules('st.models.Transformer', 'st.models.Pooling'),
      'colbert_linear.pt': '',
    };
    expect(await statedTask(memorySource(files), model)).toMatchObject({
      task: 'embedding',
      also: ['colbert'],
    });
    for (const wanted of ['embedding', 'colbert'] as const) await open(wanted, files, model);
    await expect(open('reranker', files, model)).rejects.toThrow('open it with Embedding');
  });

  it('lets its own task, bare encoders and, to rerankers, other classifiers through', async () => {
    await open('colbert', { 'colbert_linear.pt': '' });
    for (const wanted of ['reranker', 'embedding', 'colbert'] as const) await open(wanted, {}, model);
    await open('reranker', {}, classifier);
    await expect(open('embedding', {}, classifier)).rejects.toThrow(RangeError);
  });
});
