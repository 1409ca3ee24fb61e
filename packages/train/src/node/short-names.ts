/** The last folders of models where they differ, else what was typed; a model that is named twice is numbered. */
export function shortNames(models: readonly string[]): string[] {
  const last = models.map((model) => model.split(/[\\/]/).filter(Boolean).at(-1) ?? model);
  if (new Set(last).size === models.length) return last;
  return models.map((model, i) => (models.indexOf(model) === i ? model : `${model} (${i + 1})`));
}
