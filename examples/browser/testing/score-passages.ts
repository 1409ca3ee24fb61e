import { ColBERT } from '@rag/colbert';
import { Embedding } from '@rag/embedding';
import { CrossEncoder } from '@rag/reranker';
import { cosine } from '../embedding-task.js';

type Score = (query: string, passages: readonly string[]) => Promise<number[]>;

/** Scores by a checkpoint's directory, opened in Node as its users do. */
export const scorePassages: Readonly<
  Record<'reranker' | 'embedding' | 'colbert', (path: string) => Promise<Score>>
> = {
  async reranker(path) {
    const model = await CrossEncoder.fromPretrained(path);
    return (query, passages) => model.computeScore(passages.map((passage) => [query, passage]));
  },
  async embedding(path) {
    const model = await Embedding.fromPretrained(path);
    return async (query, passages) => {
      const [vector] = await model.encodeQueries([query]);
      return (await model.encodePassages(passages)).map((passage) => cosine(vector!, passage));
    };
  },
  async colbert(path) {
    const model = await ColBERT.fromPretrained(path);
    return (query, passages) => model.computeScore(passages.map((passage) => [query, passage]));
  },
};
