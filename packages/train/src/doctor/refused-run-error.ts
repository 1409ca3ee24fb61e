import type { DoctorReport } from './examine.js';

/** A run that the doctor refuses. */
export class RefusedRunError extends Error {
  override readonly name = 'RefusedRunError';
  constructor(
    message: string,
    /** Why. */
    readonly report: DoctorReport,
  ) {
    super(message);
  }
}

/** The findings that a run is refused for. */
export const errorsIn = ({ findings }: Pick<DoctorReport, 'findings'>) =>
  findings.filter(({ severity }) => severity === 'error');
