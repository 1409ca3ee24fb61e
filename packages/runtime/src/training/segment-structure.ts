import { formatType, type Node, nameOf, topologicalOrder, type Value } from '@rag/onnx';
import type { GradientFlow, SegmentPart } from './segment-parts.js';

/** What a segment is but for its names. */
export interface SegmentStructure {
  /** Equal for segments whose graphs are the same but for names, in training and in evaluation. */
  readonly key: string;
  /** Names of parameters, batch inputs and boundary tensors: the same places of two segments of one key correspond. */
  readonly names: readonly string[];
}

/** Numbers arrays by their bytes. */
export type Interned = (data: ArrayBufferView) => number;

/**
 * The canonical form of a segment: its nodes numbered in the order of a depth-first walk, with ops, attributes, constants, operands,
 * types of leaves, and which of them are trained, taken, or yield gradients.
 */
export function segmentStructure(
  train: SegmentPart,
  evaluation: SegmentPart,
  flow: GradientFlow | undefined,
  interned: Interned,
): SegmentStructure {
  const lines: string[] = [];
  const leaves = new Map<string, number>();
  const roles = rolesOf(train, evaluation, flow);
  const leaf = (value: Value): string => {
    const name = nameOf(value);
    const known = leaves.get(name);
    if (known !== undefined) return `#${known}`;
    leaves.set(name, leaves.size);
    lines.push(`leaf ${value.source.kind} ${roles.get(name) ?? ''} ${formatType(value)}`);
    return `#${leaves.size - 1}`;
  };
  for (const part of [train, evaluation]) {
    const numbers = new Map<Node, number>();
    const reference = (value: Value | null): string => {
      if (!value) return '-';
      const { source } = value;
      if (source.kind === 'constant') return `${formatType(value)}=${interned(source.data)}`;
      return source.kind === 'node' ? `${numbers.get(source)}:${value.index}` : leaf(value);
    };
    const visit = (node: Node): void => {
      if (numbers.has(node)) return;
      const { op, attributes, inputs, hint } = node;
      // Gradient rules read what a hint holds: it is part of the graph, though the walk does not meet it.
      const hints = Object.entries((hint ?? {}) as Readonly<Record<string, Value>>);
      for (const before of topologicalOrder(hints.map(([, value]) => value))) visit(before);
      const hinted = hints.map(([name, value]) => `${name}=${reference(value)}`);
      const settings = Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1));
      lines.push(
        `${op.domain}.${op.opType} ${JSON.stringify(settings)} ${inputs.map(reference).join(' ')} ${hinted.join(' ')}`,
      );
      numbers.set(node, numbers.size);
    };
    const ends = Object.values(part.yields);
    for (const node of topologicalOrder(ends)) visit(node);
    for (const value of ends) lines.push(`yields ${reference(value)} ${formatType(value)}`);
    // What nothing reads is declared all the same.
    for (const value of part.inputs) lines.push(`reads ${leaf(value)}`);
  }
  const yielded = Object.keys(train.yields);
  lines.push(`arriving ${yielded.map((name) => flow?.arriving.includes(name) ?? false).join()}`);
  return { key: lines.join('\n'), names: [...leaves.keys(), ...yielded] };
}

function rolesOf(
  train: SegmentPart,
  evaluation: SegmentPart,
  flow: GradientFlow | undefined,
): ReadonlyMap<string, string> {
  const roles = new Map<string, string>();
  for (const value of [...train.takes, ...evaluation.takes]) roles.set(nameOf(value), 'taken');
  for (const value of flow?.leaving ?? []) roles.set(nameOf(value), 'leaving');
  for (const value of flow?.trained ?? []) roles.set(nameOf(value), 'trained');
  return roles;
}

/** The structure of a segment, and the gradient flow that it is compiled for. */
export interface SegmentKind extends SegmentStructure {
  readonly flow: GradientFlow | undefined;
}

/**
 * The kinds of all segments but the last. A layer before which nothing is trained yields its input's gradient all the same where that makes
 * it one of the others: one product more instead of a graph, and memory, of its own.
 */
export function segmentKinds(
  parts: readonly SegmentPart[],
  evalParts: readonly SegmentPart[],
  flows: readonly (GradientFlow | undefined)[],
): SegmentKind[] {
  const interned = internArrays();
  const kindOf = (i: number, flow: GradientFlow | undefined): SegmentKind => ({
    ...segmentStructure(parts[i]!, evalParts[i]!, flow, interned),
    flow,
  });
  const kinds = parts.slice(0, -1).map((_, i) => kindOf(i, flows[i]));
  return kinds.map((kind, i) => {
    const { flow, key } = kind;
    const { takes } = parts[i]!;
    if (!flow || flow.leaving.length === takes.length) return kind;
    const yielding = kindOf(i, { ...flow, leaving: takes });
    const isOneOfThem = kinds.some((other) => other.key === yielding.key);
    return isOneOfThem && !kinds.some((other, j) => j !== i && other.key === key) ? yielding : kind;
  });
}

/** Arrays that hold the same bytes have the same number. */
export function internArrays(): Interned {
  const known = new Map<string, { readonly bytes: Uint8Array; readonly number: number }[]>();
  let count = 0;
  return (data) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const key = `${bytes.length} ${bytes.subarray(0, 16).join()} ${bytes.subarray(-16).join()}`;
    const alike = known.get(key) ?? [];
    known.set(key, alike);
    const found = alike.find((other) => other.bytes.every((byte, i) => byte === bytes[i]));
    if (found) return found.number;
    alike.push({ bytes, number: count });
    return count++;
  };
}
