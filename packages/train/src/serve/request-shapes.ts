import { z } from 'zod';
import { invalid } from './serve-error.js';

const optional = <Of extends z.ZodType>(of: Of) => of.nullish().transform((value) => value ?? undefined);
const flag = optional(z.boolean());
const name = optional(z.string());
const width = optional(z.int().min(1));
const direction = z.enum(['right', 'Right'], { error: 'expected "right" — texts lose their end' }).nullish();
const isIds = (value: unknown): boolean =>
  Array.isArray(value) && (typeof value[0] === 'number' || isIds(value[0]));
const texts = z
  .union([z.string().transform((text) => [text]), z.array(z.string())], {
    error: ({ input }) =>
      isIds(input) ? 'expected texts, got token ids — send the texts' : 'expected a text, or a list of texts',
  })
  .readonly();

const prompted = { truncate: flag, truncation_direction: direction, prompt_name: name };

/** Bodies of Text Embeddings Inference's routes and of OpenAI's; unknown fields are let be, as theirs do. */
export const embedRequest = z.object({
  inputs: texts,
  ...prompted,
  normalize: z.boolean().default(true),
  dimensions: width,
});
export const embedAllRequest = z.object({ inputs: texts, ...prompted });
export const similarityRequest = z.object({
  inputs: z.object({ source_sentence: z.string(), sentences: z.array(z.string()).readonly() }),
  parameters: optional(z.object(prompted)),
});
export const rerankRequest = z.object({
  query: z.string(),
  texts: z.array(z.string()).readonly(),
  truncate: flag,
  truncation_direction: direction,
  raw_scores: z.boolean().default(false),
  return_text: z.boolean().default(false),
  /** Ours: which one, where a server has a reranker and a ColBERT model. */
  model: name,
});
export const openaiRequest = z.object({
  input: texts,
  model: name,
  user: name,
  encoding_format: z.enum(['float', 'base64']).default('float'),
  dimensions: width,
});

/** A body of a shape. @throws ServeError (422) that names the field, without what it holds */
export function readRequest<Shape extends z.ZodType>(shape: Shape, body: unknown): z.output<Shape> {
  const { success, data, error } = shape.safeParse(body);
  if (success) return data;
  const { path, message } = error.issues[0]!;
  throw invalid(path.length === 0 ? 'body' : path.join('.'), message.replace(/^Invalid input: /, ''));
}
