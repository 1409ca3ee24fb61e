/**
 * A tokenizer file, or a request to a tokenizer, that cannot be honoured.
 * The message reads `<where>: expected <what>, got <what> — <what to do>`; the parts are kept as fields.
 */
export class TokenizerError extends Error {
  override readonly name = 'TokenizerError';
  constructor(
    readonly where: string,
    readonly expected: string,
    readonly got: string,
    readonly advice: string,
    options?: ErrorOptions,
  ) {
    super(`${where}: expected ${expected}, got ${got} — ${advice}`, options);
  }
}
