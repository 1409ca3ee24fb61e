import { readRequest, rerankRequest } from './request-shapes.js';
import { checkCount, modelOf, type Route } from './route.js';
import { emptyInput, invalid, ServeError } from './serve-error.js';
import type { ScoringService, ServedModels } from './served-model.js';

/** `POST /rerank`: `[{ index, score }, …]`, best first, by the reranker, or by the ColBERT model's MaxSim. */
export const rerankRoute: Route = async (context, { body, signal }) => {
  const request = readRequest(rerankRequest, body);
  const {
    query,
    texts,
    truncate = context.autoTruncate,
    raw_scores: rawScores,
    return_text,
    model,
  } = request;
  checkCount('texts', texts, context);
  const scoring = scoringModel(context.models, model);
  const empty = texts.findIndex((text) => text === '' && query === '');
  if (empty >= 0) throw emptyInput(`texts[${empty}]`);
  const from = await scoring.score(query, texts, { truncate, rawScores, signal });
  const wrong = from.outputs.findIndex((score) => !Number.isFinite(score));
  if (wrong >= 0)
    throw new ServeError(424, 'backend', `texts[${wrong}]: expected a score, got ${from.outputs[wrong]}`);
  const json = from.outputs
    .map((score, index) => ({ index, ...(return_text && { text: texts[index] }), score }))
    .sort((a, b) => b.score - a.score || a.index - b.index);
  return { json, from };
};

/** The one that is asked for by its kind or its name; else the reranker, where there is one. */
function scoringModel(models: ServedModels, asked: string | undefined): ScoringService {
  const { reranker, colbert } = models;
  if (asked === undefined) return reranker ?? colbert ?? modelOf(models, 'reranker', '/rerank');
  for (const [kind, service] of Object.entries({ reranker, colbert }))
    if (service && (asked === kind || asked === service.name)) return service;
  const served =
    [reranker && 'reranker', colbert && 'colbert'].filter(Boolean).join(', ') || 'none that scores';
  throw invalid('model', `expected one of those served (${served}), got another — leave it out`);
}
