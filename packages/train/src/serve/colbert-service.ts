import type { ColBERT, TokenVectors } from '@rag/colbert';
import { createBatcher } from './batcher.js';
import { inTurns } from './in-turns.js';
import { tooLong, withinCharacters } from './input-length.js';
import { type Answer, throughQueue } from './model-queue.js';
import { batcherLimits, type QueueLimits } from './queue-limits.js';
import { invalid, ServeError } from './serve-error.js';
import type { ColbertService } from './served-model.js';

type Side = 'query' | 'document';

/** A text on its side. */
interface SidedText {
  readonly side: Side;
  readonly text: string;
}

/** A ColBERT model as a server takes it. */
export function colbertService(name: string, model: ColBERT, limits: QueueLimits): ColbertService {
  const { settings, tokenizer, dimension } = model;
  const lengths: Record<Side, number> = { query: settings.query_length, document: settings.document_length };
  const batcher = createBatcher<SidedText, TokenVectors>({
    ...batcherLimits(model.provider, limits),
    run: async (texts, signal) => {
      const of = (side: Side) => texts.filter((one) => one.side === side).map(({ text }) => text);
      const [queries, passages] = [of('query'), of('document')];
      const options = { signal, batchSize: texts.length };
      const asked = queries.length === 0 ? [] : await model.encodeQueries(queries, options);
      const given = passages.length === 0 ? [] : await model.encodePassages(passages, options);
      const [nextQuery, nextPassage] = [asked.values(), given.values()];
      return texts.map(({ side }) => (side === 'query' ? nextQuery : nextPassage).next().value!);
    },
  });

  /** The text and its tokens, the marker and a query's expansion included. */
  const prepare = (where: string, truncate: boolean, { side, text }: SidedText) => {
    const maxTokens = lengths[side];
    const bounded = withinCharacters(where, text, { maxTokens, truncate });
    const marker = (side === 'query' ? settings.query_prefix : settings.document_prefix) === '' ? 0 : 1;
    const encoded = tokenizer.encode(bounded, { maxLength: maxTokens - marker });
    if (!truncate && encoded.truncated > 0) throw tooLong(where, maxTokens);
    const tokens = encoded.input_ids.length + marker;
    const isExpanded = side === 'query' && settings.do_query_expansion;
    return { input: { side, text: bounded }, tokens: isExpanded ? maxTokens : tokens };
  };
  const encode = (
    texts: readonly SidedText[],
    where: (index: number) => string,
    { truncate, signal }: { readonly truncate: boolean; readonly signal?: AbortSignal },
  ): Promise<Answer<TokenVectors>> =>
    throughQueue(
      batcher,
      texts.length,
      async () => ({
        inputs: await inTurns(
          texts.map(({ text }) => text),
          signal,
          (_, i) => prepare(where(i), truncate, texts[i]!),
        ),
      }),
      signal,
    );

  const service: ColbertService = {
    name,
    maxInputLength: settings.document_length,
    modelType: { colbert: { dim: dimension, query_length: settings.query_length } },
    get held() {
      return batcher.held;
    },
    async embedAll(texts, { promptName, where, ...options }) {
      const side = sideOf(promptName);
      const sided = texts.map((text) => ({ side, text }));
      const answer = await encode(sided, () => where, options);
      return { ...answer, outputs: answer.outputs.map(rowsOf) };
    },
    async score(query, texts, { rawScores, ...options }) {
      const asked = { side: 'query', text: query } as const;
      const sided = [asked, ...texts.map((text) => ({ side: 'document', text }) as const)];
      const answer = await encode(sided, (i) => (i === 0 ? 'query' : `texts[${i - 1}]`), options);
      const [vectors, ...passages] = answer.outputs;
      for (const [i, { tokens }] of answer.outputs.entries())
        if (tokens === 0)
          throw new ServeError(
            422,
            'tokenizer',
            `${i === 0 ? 'query' : `texts[${i - 1}]`}: expected tokens that count, got none — leave it out`,
          );
      const { signal } = options;
      const sums = await model.scoreVectors([vectors!], passages, { ...(signal && { signal }) });
      const isMean = rawScores || settings.divideByQueryLength;
      return { ...answer, outputs: Array.from(sums, (sum) => (isMean ? sum : sum / vectors!.tokens)) };
    },
    probe: () => service.embedAll(['probe'], { truncate: true, where: 'probe' }),
    close: () => batcher.drained(),
  };
  return service;
}

function sideOf(promptName: string | undefined): Side {
  if (promptName === undefined || promptName === 'document' || promptName === 'passage') return 'document';
  if (promptName === 'query') return 'query';
  throw invalid(
    'prompt_name',
    `expected "query", "document" or "passage", got ${JSON.stringify(promptName)}`,
  );
}

const rowsOf = ({ data, tokens, dim }: TokenVectors): Float32Array[] =>
  Array.from({ length: tokens }, (_, i) => data.subarray(i * dim, (i + 1) * dim));
