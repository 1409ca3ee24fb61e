import { type Alarm, formatAlarm } from './alarm.js';

/** A run that was ended since its model collapsed. */
export class CollapseError extends Error {
  override readonly name = 'CollapseError';
  constructor(
    readonly alarm: Alarm,
    /** Why it did not go on all the same. */
    reason = 'the run was ended, as on_collapse says',
    options?: ErrorOptions,
  ) {
    super(`${formatAlarm(alarm)}; ${reason}`, options);
  }
}
