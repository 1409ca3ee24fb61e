/** A setting that is unknown, of the wrong kind, or at odds with another. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(
    /** Where the setting stands: `training.yaml:3`, `--lr`, `train()`. */
    readonly where: string,
    /** Its key, where the error is about one. */
    readonly key: string | undefined,
    problem: string,
    options: { cause?: unknown } = {},
  ) {
    super(`${where}: ${problem}`, options);
  }
}
