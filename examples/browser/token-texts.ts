/** The texts of token ids, as far as a tokenizer's files show them: `##` and `▁` taken off, bytes left as the file spells them. */
export function tokenTexts(files: Readonly<Partial<Record<string, string>>>): (id: number) => string {
  const texts = new Map<number, string>();
  const json = files['tokenizer.json'];
  if (json === undefined) {
    for (const [id, text] of (files['vocab.txt'] ?? '').split(/\r?\n/).entries()) texts.set(id, text);
  } else {
    const { model, added_tokens = [] } = JSON.parse(json) as {
      model: { vocab: Record<string, number> | [string, number][] };
      added_tokens?: { id: number; content: string }[];
    };
    if (Array.isArray(model.vocab)) for (const [id, [text]] of model.vocab.entries()) texts.set(id, text);
    else for (const [text, id] of Object.entries(model.vocab)) texts.set(id, text);
    for (const { id, content } of added_tokens) texts.set(id, content);
  }
  return (id) => (texts.get(id) ?? `#${id}`).replace(/^##|^[▁Ġ]/, '') || '␣';
}
