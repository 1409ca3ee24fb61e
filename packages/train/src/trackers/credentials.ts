/** How a server knows us; the secret shows in nothing but the header. */
export interface Credentials {
  /** Of the header `Authorization`; none where the server asks for none. */
  readonly authorization?: string;
  /** The text with every occurrence of a secret made `***`. */
  hide(text: string): string;
}

/** Variables of the environment, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** No header, nothing to hide. */
export const noCredentials: Credentials = { hide: (text) => text };

/**
 * The secret of a variable; undefined where it is not set.
 * @throws Error for what no header can carry; it names the variable and not its value
 */
export function secretIn(environment: Environment, variable: string): string | undefined {
  const value = environment[variable];
  if (value === undefined || value === '') return undefined;
  if (!/^[\x21-\x7e]+$/.test(value))
    throw new Error(
      `${variable}: expected printable ASCII without blanks, got something else — set the variable again`,
    );
  return value;
}

/** A token as it is. */
export const bearer = (token: string): Credentials => ({
  authorization: `Bearer ${token}`,
  hide: hider([token]),
});

/** A user with a password. */
export function basic(user: string, password: string): Credentials {
  const pair = btoa(`${user}:${password}`);
  return { authorization: `Basic ${pair}`, hide: hider([pair, password]) };
}

function hider(secrets: readonly string[]): (text: string) => string {
  const spellings = secrets
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])
    // The longest first, so that none is left in part.
    .sort((a, b) => b.length - a.length);
  return (text) => spellings.reduce((hidden, spelling) => hidden.replaceAll(spelling, '***'), text);
}
