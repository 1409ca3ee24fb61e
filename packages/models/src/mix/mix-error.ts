/** Models that cannot be mixed: they differ in more than the values of their weights. */
export class MixError extends Error {
  override name = 'MixError';
  constructor(
    /** The models, by their names, of which the second is held against the first. */
    readonly models: readonly [first: string, other: string],
    /** What they differ in: tensors, config, tokenizer or modules. */
    readonly subject: string,
    /** Every difference. */
    readonly differences: readonly string[],
  ) {
    const shown = differences.slice(0, SHOWN).join('; ');
    const more = differences.length > SHOWN ? `; and ${differences.length - SHOWN} more` : '';
    super(
      `${models[1]}: expected the ${subject} of ${models[0]}, got ${shown}${more} — mix models that were tuned from one base`,
    );
  }
}

/** Differences in a message. */
const SHOWN = 8;
