/** UTF-16 units after which others get their turn: a few milliseconds of tokenizing. */
const UNITS = 1 << 14;

/** Makes something of each text in this thread, and lets the event loop go on in between. @throws the signal's reason */
export async function inTurns<T>(
  texts: readonly string[],
  signal: AbortSignal | undefined,
  make: (text: string, index: number) => T,
): Promise<T[]> {
  const made: T[] = [];
  let units = 0;
  for (const [index, text] of texts.entries()) {
    made.push(make(text, index));
    units += text.length + 64;
    if (units < UNITS) continue;
    units = 0;
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
  }
  return made;
}
