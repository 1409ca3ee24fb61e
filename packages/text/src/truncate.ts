/**
 * How many pieces of each text to keep in `room` tokens.
 *
 * `only_second`, as `tokenizers`: the query stays whole and the passage is cut, as long as the passage keeps at
 * least one piece. A query that leaves it none (there Python raises) is cut to three quarters of the room,
 * rounded up, and the passage gets the rest; what a short passage does not use goes back to the query.
 * `room` is at least 2.
 */
export function truncatePair(
  queryLength: number,
  passageLength: number,
  room: number,
): { query: number; passage: number } {
  if (queryLength + passageLength <= room) return { query: queryLength, passage: passageLength };
  if (queryLength < room) return { query: queryLength, passage: room - queryLength };
  const passage = Math.min(passageLength, Math.max(1, Math.floor(room / 4)));
  return { query: room - passage, passage };
}
