import { gradientBuffer } from '../artifacts/names.js';
import { boundaryGradient } from './objective.js';
import type { Segment } from './plan.js';

/** The plan's name of an input or output of a segment's models. */
export type Naming = (name: string) => string;

/** Of a segment whose models carry its own names. */
export const ownNames: Naming = (name) => name;

/** How the models of a segment call its tensors; their gradients follow. */
export function namingOf({ names }: Pick<Segment, 'names'>): Naming {
  if (!names) return ownNames;
  const all = new Map(
    Object.entries(names).flatMap(([own, planned]) => [
      [own, planned],
      [boundaryGradient(own), boundaryGradient(planned)],
      [gradientBuffer(own), gradientBuffer(planned)],
    ]),
  );
  return (name) => all.get(name) ?? name;
}
