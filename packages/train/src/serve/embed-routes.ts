import {
  embedAllRequest,
  embedRequest,
  openaiRequest,
  readRequest,
  similarityRequest,
} from './request-shapes.js';
import { checkCount, checkTexts, modelOf, type Route } from './route.js';
import { cosine } from './shape-vector.js';

/** `POST /embed`: `[[…], …]`, normalised unless the request says otherwise. */
export const embedRoute: Route = async (context, { body, signal }) => {
  const { inputs, truncate = context.autoTruncate, prompt_name, ...asked } = readRequest(embedRequest, body);
  checkCount('inputs', inputs, context);
  checkTexts('inputs', inputs);
  const from = await modelOf(context.models, 'embedding', '/embed').embed(inputs, {
    truncate,
    signal,
    where: 'inputs',
    normalize: asked.normalize,
    ...(asked.dimensions !== undefined && { dim: asked.dimensions }),
    ...(prompt_name !== undefined && { promptName: prompt_name }),
  });
  return { json: from.outputs.map((vector) => Array.from(vector)), from };
};

/** `POST /embed_all`: `[[[…], …], …]`, a vector for each token of a ColBERT model that counts. */
export const embedAllRoute: Route = async (context, { body, signal }) => {
  const { inputs, truncate = context.autoTruncate, prompt_name } = readRequest(embedAllRequest, body);
  checkCount('inputs', inputs, context);
  checkTexts('inputs', inputs);
  const from = await modelOf(context.models, 'colbert', '/embed_all').embedAll(inputs, {
    truncate,
    signal,
    where: 'inputs',
    ...(prompt_name !== undefined && { promptName: prompt_name }),
  });
  return { json: from.outputs.map((rows) => rows.map((row) => Array.from(row))), from };
};

/** `POST /similarity`: cosines of sentences and a source. */
export const similarityRoute: Route = async (context, { body, signal }) => {
  const { inputs, parameters } = readRequest(similarityRequest, body);
  const { source_sentence, sentences } = inputs;
  const { truncate = context.autoTruncate, prompt_name } = parameters ?? {};
  checkCount('inputs.sentences', sentences, context, sentences.length + 1);
  checkTexts('inputs.source_sentence', [source_sentence]);
  checkTexts('inputs.sentences', sentences);
  const from = await modelOf(context.models, 'embedding', '/similarity').embed(
    [source_sentence, ...sentences],
    {
      truncate,
      signal,
      where: 'inputs',
      normalize: false,
      ...(prompt_name !== undefined && { promptName: prompt_name }),
    },
  );
  const [source, ...others] = from.outputs;
  return { json: others.map((vector) => cosine(source!, vector)), from };
};

/** `POST /v1/embeddings`, as OpenAI's; `base64` is float32, little end first. */
export const openaiRoute: Route = async (context, { body, signal }) => {
  const { input, encoding_format, dimensions } = readRequest(openaiRequest, body);
  checkCount('input', input, context);
  checkTexts('input', input);
  const model = modelOf(context.models, 'embedding', '/v1/embeddings');
  const from = await model.embed(input, {
    truncate: context.autoTruncate,
    signal,
    where: 'input',
    normalize: true,
    ...(dimensions !== undefined && { dim: dimensions }),
  });
  const spell = encoding_format === 'base64' ? base64Of : (vector: Float32Array) => Array.from(vector);
  const total = from.tokens.reduce((sum, one) => sum + one, 0);
  const json = {
    object: 'list',
    data: from.outputs.map((vector, index) => ({ object: 'embedding', index, embedding: spell(vector) })),
    model: model.name,
    usage: { prompt_tokens: total, total_tokens: total },
  };
  return { json, from };
};

function base64Of(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [i, element] of vector.entries()) bytes.writeFloatLE(element, i * 4);
  return bytes.toString('base64');
}
