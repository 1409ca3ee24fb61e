/** What can go wrong while a model learns. */
export type AlarmCode = 'not-finite' | 'spike' | 'plateau' | 'constant-scores' | 'vanishing-gradient';

/** What the sentinel saw, and why that is likely so. */
export interface Alarm {
  readonly code: AlarmCode;
  /** Updates done when it was seen. */
  readonly update: number;
  /** Updates since which it is so; a checkpoint from before them is sound. */
  readonly since: number;
  /** `expected …, got …`. */
  readonly problem: string;
  /** Likely reasons, and what to do about them. */
  readonly advice: string;
}

/** `update 120: <problem> — <advice>`. */
export const formatAlarm = ({ update, problem, advice }: Alarm): string =>
  `update ${update}: ${problem} — ${advice}`;
