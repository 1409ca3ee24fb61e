/** Training artifacts that cannot be read or written; `where` is a file, a tensor, a graph input or a field. */
export class ArtifactError extends Error {
  override readonly name = 'ArtifactError';
  constructor(
    readonly where: string,
    readonly problem: string,
    options?: ErrorOptions,
  ) {
    super(`${where}: ${problem}`, options);
  }
}
