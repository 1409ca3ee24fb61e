/** A value of a setting as flat lists of them have it. */
export type FlatValue = number | string | boolean;

/** Nested settings by names such as `optimizer.rate`; lists as JSON, null as `null`, what is undefined left out. */
export function flatConfig(config: Readonly<Record<string, unknown>>): Map<string, FlatValue> {
  const flat = new Map<string, FlatValue>();
  const add = (name: string, value: unknown, above: readonly unknown[]): void => {
    if (value === undefined) return;
    if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean')
      flat.set(name, value);
    else if (typeof value !== 'object' || value === null || Array.isArray(value))
      flat.set(name, typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? String(value)));
    else {
      if (above.includes(value))
        throw new TypeError(
          `${name}: expected settings that end, got one that holds itself — cut the circle`,
        );
      for (const [key, inner] of Object.entries(value)) add(`${name}.${key}`, inner, [...above, value]);
    }
  };
  for (const [key, value] of Object.entries(config)) add(key, value, [config]);
  return flat;
}
