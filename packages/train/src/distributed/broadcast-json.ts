import type { Collective } from '@rag/runtime';

/** What rank 0 makes, on every rank: JSON, of numbers that are finite. */
export async function broadcastJson<T>(collective: Collective, make: () => Promise<T>): Promise<T> {
  const isSource = collective.rank === 0;
  const made = isSource ? await make() : undefined;
  const text = new TextEncoder().encode(isSource ? JSON.stringify(made) : '');
  const length = Float64Array.of(text.length);
  await collective.allReduce(length, 'max');
  const bytes = isSource ? text : new Uint8Array(length[0] ?? 0);
  await collective.broadcast(bytes, 0);
  return isSource ? (made as T) : JSON.parse(new TextDecoder().decode(bytes));
}
