/** What the page and its worker say to each other; the worker runs models, the page only shows. */

/** A query of the user's file with its passages; labels above 0 are relevant. */
export interface Row {
  readonly query: string;
  readonly passages: readonly string[];
  readonly labels: readonly number[];
}

export type PageProvider = 'wasm' | 'webgpu';

export interface ModelInfo {
  readonly name: string;
  readonly task: 'reranker' | 'embedding' | 'colbert';
  readonly modelType: string;
  readonly parameters: number;
  readonly provider: PageProvider;
  /** Updates that this page has trained it for. */
  readonly updates: number;
}

export interface Found {
  readonly passage: string;
  readonly score: number;
}

/** How alike the tokens of a query and of a passage are: [query, passage], row-major, from −1 to 1. */
export interface TokenMatches {
  readonly query: readonly string[];
  readonly passage: readonly string[];
  readonly similarity: Float32Array;
}

export interface LabelledPair {
  readonly query: string;
  readonly content: string;
  readonly label: 0 | 1;
}

/** What a run trains on. */
export interface TuneData {
  readonly pairs: readonly LabelledPair[];
  /** Those of them that the visitor marked. */
  readonly marks: readonly LabelledPair[];
  readonly heldOut: readonly Row[];
}

export interface TuneSettings {
  readonly epochs: number;
  readonly learningRate: number;
}

/** Held-out quality after a number of updates; `value` is the mean nDCG@10 over queries. */
export interface HeldOut {
  readonly update: number;
  readonly value: number;
}

export interface TuneProgress {
  readonly update: number;
  readonly updates: number;
  /** Of each update so far. */
  readonly losses: readonly number[];
  readonly heldOut: readonly HeldOut[];
  readonly heldOutQueries: number;
}

/** A run that an earlier visit left behind. */
export interface SavedSummary extends TuneProgress {
  readonly name: string;
  readonly savedAt: number;
}

export interface Calls {
  open(source: ModelSource, provider: PageProvider): ModelInfo;
  readRows(file: Blob, name: string): Row[];
  search(query: string): Found[];
  matches(query: string, passage: string): TokenMatches;
  tune(data: TuneData, settings: TuneSettings): TuneProgress;
  stop(): void;
  saved(): SavedSummary | undefined;
  /** Opens the saved run; its model serves, `tuneOn` trains it to the end. */
  openSaved(provider: PageProvider): { model: ModelInfo; rows: Row[]; marks: LabelledPair[] };
  tuneOn(): TuneProgress;
  forget(): void;
  download(): Blob;
}

/** Files by their path in the directory, or the directory's URL. */
export type ModelSource =
  | { readonly name: string; readonly files: ReadonlyMap<string, Blob> }
  | { readonly name: string; readonly url: string };

export type CallName = keyof Calls;

export interface Request {
  readonly id: number;
  readonly call: CallName;
  readonly args: readonly unknown[];
}

export type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string }
  | { readonly event: 'tuning'; readonly progress: TuneProgress }
  | { readonly event: 'loading'; readonly file: string; readonly share: number | undefined };
