import { type Finding, percent, settingPlace } from './finding.js';
import type { ModelFacts } from './model-facts.js';
import { LEAST_ROOM, type TokenLimits, type TokenSurvey } from './survey-tokens.js';

/** A sample of tokens with the settings that cut it. */
export interface TokensToJudge {
  readonly tokens: TokenSurvey;
  readonly limits: TokenLimits;
  readonly model: Pick<ModelFacts, 'vocabularySize' | 'longest'> & {
    readonly tokenizer: Pick<ModelFacts['tokenizer'], 'vocabSize'>;
  };
  readonly sources: ReadonlyMap<string, string>;
}

/** Shares from which it is a warning, and an error. */
const CUT = { warning: 0.1 } as const;
const UNKNOWN = { warning: 0.01, error: 0.3 } as const;
const NO_ROOM = 0.1;
const BYTES = 0.1;

/** What is wrong with texts as the model will read them. */
export function* tokenFindings({ tokens, limits, model, sources }: TokensToJudge): Generator<Finding> {
  const { passage, query } = tokens;
  const isPair = 'pair' in limits;
  const keys = isPair
    ? { query: 'max_len', passage: 'max_len' }
    : { query: 'query_max_len', passage: 'passage_max_len' };
  const place = (key: string) => settingPlace(key, sources);
  const higher = (limit: number) =>
    limit < model.longest ? `raise it (the model takes ${model.longest})` : 'cut long passages into several';
  const limit = {
    query: isPair ? limits.pair : limits.query,
    passage: isPair ? limits.pair : limits.passage,
  };
  const cut = tokens.cutPassages.count / Math.max(1, passage.count);
  if (cut > CUT.warning)
    yield {
      severity: 'warning',
      code: 'cut-passages',
      where: place(keys.passage),
      problem: `expected at most ${percent(CUT.warning)} of passages to be cut at ${limit.passage} tokens, got ${percent(cut)} (half have ${passage.p50} tokens or more, the longest ${passage.most}; first at ${tokens.cutPassages.first})`,
      advice: `${higher(limit.passage)}, if what they say stands behind the cut`,
    };
  const noRoom = tokens.noRoom.count / Math.max(1, passage.count);
  if (noRoom > 0)
    yield {
      severity: noRoom > NO_ROOM ? 'error' : 'warning',
      code: 'no-room',
      where: place(keys.query),
      problem: `expected room for ${LEAST_ROOM} tokens of a passage beside its query, got less in ${percent(noRoom)} of pairs (first at ${tokens.noRoom.first}): the model would judge the query alone`,
      advice: higher(limit.query),
    };
  const cutQueries = tokens.cutQueries.count / Math.max(1, query.count);
  if (!isPair && cutQueries > CUT.warning)
    yield {
      severity: 'warning',
      code: 'cut-queries',
      where: place(keys.query),
      problem: `expected at most ${percent(CUT.warning)} of queries to be cut at ${limit.query} tokens, got ${percent(cutQueries)} (first at ${tokens.cutQueries.first})`,
      advice: higher(limit.query),
    };
  yield* vocabulary(tokens, model, place('model_name_or_path'));
}

function* vocabulary(
  { tokens, unknown, bytes }: TokenSurvey,
  { tokenizer, vocabularySize }: TokensToJudge['model'],
  where: string,
): Generator<Finding> {
  if (tokenizer.vocabSize > vocabularySize)
    yield {
      severity: 'error',
      code: 'vocabulary',
      where,
      problem: `expected a tokenizer of at most ${vocabularySize} tokens, the rows of the model's embeddings, got one of ${tokenizer.vocabSize}`,
      advice: 'fetch the tokenizer files of this very model',
    };
  const share = unknown / Math.max(1, tokens);
  if (share > UNKNOWN.warning)
    yield {
      severity: share > UNKNOWN.error ? 'error' : 'warning',
      code: 'unknown-tokens',
      where,
      problem: `expected texts whose words the vocabulary has, got unknown tokens as ${percent(share)} of all: the model cannot tell these apart`,
      advice: 'start from a model of the language of the texts',
    };
  const byBytes = bytes / Math.max(1, tokens);
  if (byBytes > BYTES)
    yield {
      severity: 'warning',
      code: 'byte-tokens',
      where,
      problem: `expected pieces of words, got single bytes for ${percent(byBytes)} of the tokens: texts are long and their characters unknown to the model`,
      advice: 'start from a model of the language of the texts',
    };
}
