/** A file of an adapter that cannot be used: `file` and, of a config or a state dict, `key`. */
export class AdapterError extends Error {
  override name = 'AdapterError';
  constructor(
    readonly file: string,
    readonly key: string | undefined,
    problem: string,
    advice: string,
    options?: ErrorOptions,
  ) {
    super(`${file}: ${key === undefined ? '' : `${JSON.stringify(key)}: `}${problem} — ${advice}`, options);
  }
}
