/** A query and a passage to score; `answer` where the teacher judges by it. */
export interface TeacherPair {
  readonly query: string;
  readonly content: string;
  readonly answer?: string;
}

/** Tokens that a server charges for. */
export interface TokenUsage {
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** What a teacher says of a pair. */
export type Verdict = Readonly<{ usage?: TokenUsage }> &
  (
    | {
        readonly score: number;
        /** What it was read from, where there is a choice. */
        readonly by?: 'logprobs' | 'text';
      }
    | {
        /** Why there is no score: expected …, got …. */
        readonly fault: string;
        /** Asking again changes nothing. */
        readonly isFinal?: boolean;
      }
  );

/** Whatever scores pairs for a student. */
export interface Teacher {
  /** All that a score depends on besides its pair: a part of the key under which scores are kept. No secrets. */
  readonly identity: Readonly<Record<string, string | number | boolean>>;
  /** Pairs per call. */
  readonly batchSize: number;
  /** Calls at once. */
  readonly concurrency: number;
  /** Whether pairs need an answer. */
  readonly readsAnswers: boolean;
  /** More tokens than a call about this pair can cost; without it the teacher costs nothing. */
  mostTokens?(pair: TeacherPair): TokenUsage;
  /** One verdict per pair, in order. @throws EndpointError where there was no answer, which may be tried again */
  judge(pairs: readonly TeacherPair[], signal: AbortSignal): Promise<readonly Verdict[]>;
}

/** What a reranker is to a pipeline: `CrossEncoder`, or anything with this method. */
export interface PairModel {
  /** One score per pair [query, passage], in order. */
  computeScore(
    pairs: readonly (readonly string[])[],
    options: { readonly signal?: AbortSignal },
  ): Promise<readonly number[]>;
}
