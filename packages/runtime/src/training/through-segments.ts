import { SessionError } from '../error.js';
import type { Tensor } from '../tensor.js';
import type { Accumulation } from './lower.js';
import { boundaryGradient } from './objective.js';
import type { SegmentRunner } from './segment-runner.js';

/** What segments are fed, by the plan's names; boundary tensors and their gradients come and go in it. */
type Feeds = Record<string, Tensor>;

/**
 * Runs segments one after the other; what one yields is fed to those behind it. A boundary tensor that is not `kept` is let go after the
 * last segment that takes it.
 * @returns what the last one yields
 */
export async function forwardThrough(
  segments: readonly SegmentRunner[],
  feeds: Feeds,
  mode: 'forward' | 'evaluate',
  kept: ReadonlySet<string>,
): Promise<Readonly<Record<string, Tensor>>> {
  let yielded: Readonly<Record<string, Tensor>> = {};
  for (const [i, segment] of segments.entries()) {
    yielded = await segment[mode](feeds);
    Object.assign(feeds, yielded);
    const later = new Set(segments.slice(i + 1).flatMap(({ takes }) => takes));
    const made = segments.slice(0, i + 1).flatMap(({ yields }) => yields);
    for (const name of made) if (!later.has(name) && !kept.has(name)) letGo(segment, feeds, name);
  }
  return yielded;
}

/**
 * Runs segments backward, from the last: each computes its own forward pass again and turns the gradients of what it yields into those of
 * what it takes, which add up where several take it. A boundary tensor is let go once the segments that take it are through, its
 * gradient once the segment that yields it is. Gradients of what was yielded before the first segment stay in `feeds`. `isFinal`: no
 * other pass adds to the gradients before the update.
 * @returns what the last one yields but gradients
 */
export async function backwardThrough(
  segments: readonly SegmentRunner[],
  feeds: Feeds,
  how: Accumulation,
  isFinal = false,
): Promise<Readonly<Record<string, Tensor>>> {
  let results: Record<string, Tensor> | undefined;
  for (const segment of segments.toReversed()) {
    for (const name of segment.yields) letGo(segment, feeds, name);
    if (segment.trains) {
      const yielded = await segment.backward(feeds, how, isFinal);
      for (const name of segment.takes) {
        const gradient = boundaryGradient(name);
        const arrived = yielded[gradient];
        if (!arrived) continue;
        delete yielded[gradient];
        const before = feeds[gradient];
        feeds[gradient] = before ? sumInto(before, arrived) : arrived;
        if (before) segment.release(arrived);
      }
      results ??= yielded;
    }
    for (const name of segment.yields) letGo(segment, feeds, boundaryGradient(name));
  }
  return results ?? {};
}

/** What other ranks do in `forwardThrough`, without anything to compute. */
export async function idleForward(
  segments: readonly SegmentRunner[],
  mode: 'forward' | 'evaluate',
): Promise<void> {
  for (const segment of segments) await segment.idle?.(mode);
}

/** What other ranks do in `backwardThrough`. */
export async function idleBackward(segments: readonly SegmentRunner[], isFinal: boolean): Promise<void> {
  for (const segment of segments.toReversed()) if (segment.trains) await segment.idle?.('backward', isFinal);
}

function letGo(segment: SegmentRunner, feeds: Feeds, name: string): void {
  const tensor = feeds[name];
  if (!tensor) return;
  delete feeds[name];
  segment.release(tensor);
}

function sumInto(sum: Tensor, addend: Tensor): Tensor {
  if (sum.dtype !== 'float32' || addend.data.length !== sum.data.length)
    throw new SessionError(
      'boundary gradient',
      `expected float32 [${sum.shape.join(', ')}], got ${addend.dtype} [${addend.shape.join(', ')}] — cut at float32 values`,
    );
  const [into, from] = [sum.data as Float32Array, addend.data as Float32Array];
  for (let i = 0; i < into.length; i++) into[i] = into[i]! + from[i]!;
  return sum;
}
