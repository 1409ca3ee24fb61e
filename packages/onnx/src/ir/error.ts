/** A graph that cannot be built, differentiated, read or written; `where` is an op in its scope, a file or a value's name. */
export class GraphError extends Error {
  override readonly name = 'GraphError';
  constructor(
    readonly where: string,
    readonly problem: string,
    options?: ErrorOptions,
  ) {
    super(`${where}: ${problem}`, options);
  }
}
