/**
 * An option that a model refuses. The message speaks as code does; a program with flags of its own says `problem` and `advice`
 * under the flag that `option` came by.
 */
export class OptionError extends RangeError {
  override name = 'OptionError';
  constructor(
    /** As code spells it: `maxLength`. */
    readonly option: string,
    /** `expected …, got …`; names no other option. */
    readonly problem: string,
    /** What to do about it; names no other option either. */
    readonly advice?: string,
    options?: ErrorOptions,
  ) {
    super(`${option}: ${problem}${advice === undefined ? '' : ` — ${advice}`}`, options);
  }
}

/** A model that is not of the kind that was asked for, such as a bare encoder in place of a reranker. */
export class ModelKindError extends RangeError {
  override name = 'ModelKindError';
  constructor(
    /** The model, or its file that says what it is. */
    readonly where: string,
    /** `expected …, got …`; names no option. */
    readonly problem: string,
    /** What to do about it, in code. */
    advice: string,
    options?: ErrorOptions,
  ) {
    super(`${where}: ${problem} — ${advice}`, options);
  }
}
