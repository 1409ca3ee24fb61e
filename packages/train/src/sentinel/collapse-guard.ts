import { NotFiniteError } from '@rag/runtime';
import type { StepEvent } from '../trainer.js';
import { type Alarm, formatAlarm } from './alarm.js';
import { CollapseError } from './collapse-error.js';
import { type ChanceLevel, sentinel } from './sentinel.js';

/** What a run does where its model collapses. */
export type OnCollapse = 'off' | 'tell' | 'stop' | 'rollback';

export interface CollapseGuardOptions {
  readonly onCollapse: OnCollapse;
  readonly chance?: ChanceLevel;
  /** Updates. */
  readonly warmup: number;
  /** Hears of every alarm. */
  tell(alarm: Alarm, line: string): void;
}

/** Looks at the updates of a run, and ends it where it is to. */
export interface CollapseGuard {
  /** @throws CollapseError where the run is to end or to go back */
  look(event: StepEvent): void;
  /** The alarm that an error of the run stands for; undefined for any other error. Numbers that are none are told. */
  alarmOf(error: unknown, update: number): Alarm | undefined;
  /** The run went back. */
  restart(): void;
}

/** A sentinel, and what the run does about what it sees. */
export function collapseGuard({ onCollapse, chance, warmup, tell }: CollapseGuardOptions): CollapseGuard {
  const watching = sentinel({ warmup, ...(chance && { chance }) });
  const raise = (alarm: Alarm): Alarm => {
    tell(alarm, `collapse: ${formatAlarm(alarm)}`);
    return alarm;
  };
  return {
    look(event) {
      if (onCollapse === 'off') return;
      const alarm = watching.look(event);
      if (alarm === undefined) return;
      raise(alarm);
      if (onCollapse !== 'tell') throw new CollapseError(alarm);
    },
    alarmOf(error, update) {
      if (error instanceof CollapseError) return error.alarm;
      if (onCollapse === 'off' || !(error instanceof NotFiniteError)) return undefined;
      const [problem, advice = 'lower lr'] = error.problem.split(' — ');
      // The update before it may have brought it about.
      return raise({ code: 'not-finite', update, since: update - 1, problem: problem!, advice });
    },
    restart: () => watching.restart(),
  };
}
