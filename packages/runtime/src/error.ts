/** A session, tensor or driver that cannot do what was asked; `where` is the call and the tensor's or option's name. */
export class SessionError extends Error {
  override readonly name: string = 'SessionError';
  constructor(
    readonly where: string,
    readonly problem: string,
    options?: ErrorOptions,
  ) {
    super(`${where}: ${problem}`, options);
  }
}

/** Gradients that are no finite numbers: nothing was updated, and the session goes on with the next batch. */
export class NotFiniteError extends SessionError {
  override readonly name = 'NotFiniteError';
}
