import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Embedding } from '@rag/embedding';
import { embeddingParameters } from '@rag/embedding/training';
import { initializeParameters } from '@rag/models';
import { CrossEncoder } from '@rag/reranker';
import { classifierParameters } from '@rag/reranker/training';
import { encoderConfig, parseStepShape } from './encoder-plan.js';
import { openTokenizer } from './token-batches.js';

/** What is measured: pairs scored, or texts encoded. */
export const inferenceTasks = ['reranker', 'embedding'] as const;
export type InferenceTask = (typeof inferenceTasks)[number];

/** Writes a model of fresh weights with onnx/model.onnx beside them; `shape` is hidden size, heads, feed-forward size, layers. */
export async function saveInferenceModel(
  directory: string,
  task: InferenceTask,
  tokenizerFolder: string,
  shape: string,
): Promise<void> {
  const tokens = 512;
  const config = encoderConfig(
    parseStepShape(`1,${tokens},${shape}`),
    0,
    openTokenizer(tokenizerFolder).vocabSize,
    tokens,
  );
  const tokenizerFiles = {
    'tokenizer.json': readFileSync(join(tokenizerFolder, 'tokenizer.json'), 'utf8'),
    'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'BertTokenizer' }),
  };
  const open = {
    reranker: () => {
      const weights = initializeParameters(classifierParameters(config), config, 1);
      return CrossEncoder.fromParts({ config, tokenizerFiles, weights });
    },
    embedding: () => {
      const head = { pooling: ['cls'], includePrompt: true, dense: [], normalize: true } as const;
      const weights = initializeParameters(embeddingParameters(config, head), config, 1);
      return Embedding.fromParts({ config, tokenizerFiles, head, weights });
    },
  };
  const model = await open[task]();
  await model.savePretrained(directory);
  await model.exportOnnx(directory);
  model.dispose();
}
