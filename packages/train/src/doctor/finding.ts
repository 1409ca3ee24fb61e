/** How bad a finding is: an error is a known killer of runs, a warning is worth a look. */
export type Severity = 'error' | 'warning';

/** Something that the doctor found, where it stands and what to do about it. */
export interface Finding {
  readonly severity: Severity;
  /** The same for the same trouble, for scripts: `one-valued-labels`. */
  readonly code: string;
  /** `file:line`, or a setting with where it was given: `lr (--lr)`. */
  readonly where: string;
  /** `expected …, got …`, and why it matters. */
  readonly problem: string;
  readonly advice: string;
}

/** `<where>: <problem> — <advice>`. */
export const formatFinding = ({ where, problem, advice }: Finding): string =>
  `${where}: ${problem} — ${advice}`;

/** `lr (training.yaml:3)`, or `lr (default)`. @param sources where each given key was given */
export const settingPlace = (key: string, sources: ReadonlyMap<string, string>): string =>
  `${key} (${sources.get(key) ?? 'default'})`;

/** A share as people read it: `12 %`, `0.4 %`. */
export function percent(share: number): string {
  const value = 100 * share;
  return `${value === 0 || value >= 10 ? value.toFixed(0) : value.toPrecision(2)} %`;
}

/** Things of one kind: how many, and the `file:line` of the first. */
export interface Occurrences {
  readonly count: number;
  readonly first?: string;
}

/** Counts things of one kind. */
export function occurrences() {
  let [count, first]: [number, string | undefined] = [0, undefined];
  return {
    add(place: string): void {
      first ??= place;
      count++;
    },
    result: (): Occurrences => ({ count, ...(first !== undefined && { first }) }),
  };
}
