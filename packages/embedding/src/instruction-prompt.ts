import type { EmbeddingSettings } from './embedding-settings.js';

/** `Instruct: <task>\nQuery: `, with or without the space, as models state it. */
const FORM = /^(Instruct: )[^\n]*(\nQuery: ?)$/;

/**
 * The prompt that tells an instruction-tuned embedder what a query asks for: `Instruct: <task>` and, in the next line, `Query: `. A model
 * whose own prompts are of this form gives its spelling of it (Qwen3-Embedding has no space behind the colon). Passages get none.
 * @param task a sentence of what shall be found for a query, such as `Given a question, retrieve passages that answer it`
 * @throws RangeError for a task that is empty or of several lines
 */
export function instructionPrompt(
  task: string,
  model?: { readonly settings: Pick<EmbeddingSettings, 'prompts'> },
): string {
  if (typeof task !== 'string' || task.trim() === '' || /[\r\n]/.test(task))
    throw new RangeError(
      `instructionPrompt: expected a task in one line, got ${JSON.stringify(task)} — say what shall be found for a query`,
    );
  const own = Object.values(model?.settings.prompts ?? {}).find((prompt) => FORM.test(prompt));
  return (own ?? 'Instruct: \nQuery: ').replace(
    FORM,
    (_, before: string, after: string) => before + task + after,
  );
}
