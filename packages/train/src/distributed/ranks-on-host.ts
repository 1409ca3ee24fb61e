import type { Collective } from '@rag/runtime';

/** Bytes of a host's name that tell it from others. */
const NAME = 64;

/** How many ranks, this one among them, run on the host of this name. */
export async function ranksOnHost(collective: Collective, host: string): Promise<number> {
  const own = new Uint8Array(NAME);
  own.set(new TextEncoder().encode(host).slice(0, NAME));
  const all = new Uint8Array(NAME * collective.size);
  all.set(own, NAME * collective.rank);
  await collective.allGather(
    all,
    Array.from({ length: collective.size + 1 }, (_, rank) => rank * NAME),
  );
  return Array.from({ length: collective.size }, (_, rank) =>
    all.subarray(rank * NAME, (rank + 1) * NAME),
  ).filter((name) => name.every((byte, i) => byte === own[i])).length;
}
