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
