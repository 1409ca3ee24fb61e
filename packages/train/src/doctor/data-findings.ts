import type { LabelRange } from '@rag/data';
import { type Finding, type Occurrences, percent } from './finding.js';
import type { ExampleCount, Fault } from './read-rows.js';
import type { Survey } from './survey.js';
import type { LossUse } from './task-rows.js';

/** Rows with what a run asks of them. */
export interface DataToJudge {
  readonly paths: readonly string[];
  readonly survey: Survey;
  readonly faults: readonly Fault[];
  readonly examples: ExampleCount;
  readonly loss: LossUse;
  readonly batchSize: number;
  /** Passages per group, for losses over groups. */
  readonly groupSize?: number;
  /** For pointwise losses. */
  readonly labelRange?: LabelRange;
}

/** Shares from which trouble with rows is an error: below them the other rows still teach. */
export const KILLING = { ownNegatives: 0.2, reversed: 0.5, otherNegatives: 0.2 } as const;

/** What is wrong with training rows. */
export function dataFindings(data: DataToJudge): Finding[] {
  return [...unreadable(data), ...labelFindings(data), ...sideFindings(data), ...repeats(data)];
}

/** Rows at which a run stops. */
function* unreadable({ faults, examples, loss, paths }: DataToJudge): Generator<Finding> {
  for (const fault of faults) yield faultFinding(fault, 'bad-rows', 'mend or remove them');
  for (const fault of examples.unfit)
    yield faultFinding(fault, 'unfit-rows', `change loss_type (${loss.name}) or the rows`);
  if (examples.count > 0 || faults.length + examples.unfit.length > 0) return;
  yield {
    severity: 'error',
    code: 'no-examples',
    where: paths.join(', '),
    problem: `expected rows that the loss ${loss.name} learns from, got none: ${examples.leftOut} rows have nothing to compare`,
    advice: 'give rows passages of different labels, or choose another loss',
  };
}

/** A bad row's own error, with the number of its like. */
export function faultFinding({ fault, count, first, message }: Fault, code: string, advice: string): Finding {
  const more = count > 1 ? `; ${count} rows like it` : '';
  const [, where, problem, own] = /^(.*?): (expected [\s\S]*?)(?: — ([\s\S]*))?$/.exec(message ?? '') ?? [];
  return {
    severity: 'error',
    code,
    where: where ?? first,
    problem: `${problem ?? `expected a row of JSON, got ${fault}`}${more}`,
    advice: own ?? advice,
  };
}

function* labelFindings({ survey, loss, labelRange, examples }: DataToJudge): Generator<Finding> {
  const { labels, groups, teacher, otherLabels, rows, passages } = survey;
  const file = Object.keys(survey.files).join(', ');
  // FlagEmbedding's group loss reads which list a passage stands in, an in-batch loss as well.
  const usesLabels =
    loss.teacher || loss.kind === 'pointwise' || (loss.kind === 'group' && loss.name !== 'group_softmax');
  const hasSides = passages > labels.count;
  if (usesLabels && labels.count > 1 && labels.distinct === 1 && !hasSides)
    yield {
      severity: 'error',
      code: 'one-valued-labels',
      where: file,
      problem: `expected different labels, got ${labels.least} for all ${labels.count} passages: the model would learn one score for everything`,
      advice: 'check the label key (train_label_key), or add rows with other labels',
    };
  if (labelRange && labels.outside.count > 0)
    yield occurrenceFinding('error', 'label-range', labels.outside, {
      problem: `expected labels from min_label ${labelRange.min} to max_label ${labelRange.max}, got ${labels.outside.count} of ${labels.count} outside: they go from ${labels.least} to ${labels.most}`,
      advice: 'set min_label and max_label to the range of the labels',
    });
  else if (labelRange && labels.count > 1 && labels.distinct > 1) {
    const used = (labels.most - labels.least) / (labelRange.max - labelRange.min);
    if (used < 0.1)
      yield {
        severity: 'warning',
        code: 'narrow-labels',
        where: file,
        problem: `expected labels that use the range from ${labelRange.min} to ${labelRange.max}, got ${labels.least} to ${labels.most}, ${percent(used)} of it: all targets are nearly the same`,
        advice: 'set min_label and max_label to the range of the labels',
      };
  }
  if (otherLabels.count > 0)
    yield occurrenceFinding('warning', 'other-labels', otherLabels, {
      problem: `expected one label for a query and a passage, got another one in ${otherLabels.count} places`,
      advice: 'keep one row of each pair, or the mean of its labels',
    });
  if (groups.oneValued.count > 0 && loss.kind !== 'pointwise' && labels.distinct > 1)
    yield occurrenceFinding(
      groups.oneValued.count === groups.count ? 'error' : 'warning',
      'one-valued-groups',
      groups.oneValued,
      {
        problem: `expected passages of different labels for a query, got one value in ${groups.oneValued.count} of ${groups.count} rows, which teach no order${examples.leftOut > 0 ? ` (${examples.leftOut} rows are left out)` : ''}`,
        advice: 'add passages of other labels to them',
      },
    );
  if (teacher.rows === 0 || !loss.teacher) return;
  if (teacher.constant.count > 0)
    yield occurrenceFinding(
      teacher.constant.count === teacher.rows ? 'error' : 'warning',
      'constant-teacher',
      teacher.constant,
      {
        problem: `expected teacher scores that differ within a row, got one value in ${teacher.constant.count} of ${teacher.rows} rows: there is no order to learn`,
        advice: 'score the rows again (rag score), or leave them out',
      },
    );
  if (teacher.reversed.count > 0)
    yield occurrenceFinding(
      teacher.reversed.count / teacher.rows > KILLING.reversed ? 'error' : 'warning',
      'reversed-teacher',
      teacher.reversed,
      {
        problem: `expected the teacher to score "pos" above "neg", got the means the other way round in ${teacher.reversed.count} of ${teacher.rows} rows`,
        advice: 'check the sign of the scores (a distance is no score) and which list is which',
      },
    );
  if (teacher.crossed.count / rows > 0.2)
    yield occurrenceFinding('warning', 'crossed-teacher', teacher.crossed, {
      problem: `expected "neg" below "pos" in the teacher's scores, got a negative above a positive in ${teacher.crossed.count} of ${teacher.rows} rows`,
      advice: 'look at some: they may be false negatives (rag mine has margins against them)',
    });
}

function* sideFindings({ survey, loss, groupSize }: DataToJudge): Generator<Finding> {
  const { ownNegatives, otherNegatives, rows, groups } = survey;
  const killing = (count: number, share: number) => (count / rows > share ? 'error' : 'warning');
  if (ownNegatives.count > 0)
    yield occurrenceFinding(
      killing(ownNegatives.count, KILLING.ownNegatives),
      'own-negatives',
      ownNegatives,
      {
        problem: `expected negatives that are no positives of their row, got one that is in ${ownNegatives.count} of ${rows} rows: the same text is pulled both ways`,
        advice: 'remove it from "neg"',
      },
    );
  if (otherNegatives.count > 0)
    yield occurrenceFinding(
      killing(otherNegatives.count, KILLING.otherNegatives),
      'other-negatives',
      otherNegatives,
      {
        problem: `expected a passage to be positive or negative for a query, got ${otherNegatives.count} that are both in rows of the same query`,
        advice: 'join the rows of a query, and remove its positives from "neg"',
      },
    );
  if (groupSize !== undefined && groups.smaller.count > 0)
    yield occurrenceFinding('warning', 'small-groups', groups.smaller, {
      problem: `expected train_group_size ${groupSize} passages in a row, got fewer in ${groups.smaller.count} of ${groups.count} rows (half have ${groups.sizes.p50} or less): passages are repeated to fill them`,
      advice: `set train_group_size to ${Math.max(2, groups.sizes.p50)}, or mine more negatives (rag mine)`,
    });
  if (
    loss.kind === 'in-batch' &&
    groups.withoutNegatives.count > 0 &&
    groups.withoutNegatives.count < groups.count
  )
    yield occurrenceFinding('warning', 'without-negatives', groups.withoutNegatives, {
      problem: `expected negatives in every row or in none, got ${groups.withoutNegatives.count} of ${groups.count} rows without, which meet only those of others`,
      advice: 'mine negatives for them (rag mine)',
    });
}

function* repeats({ survey, loss, batchSize }: DataToJudge): Generator<Finding> {
  const { exactRows, similarRows, repeatedQueries, repeatedPassages, rows, comparedRows } = survey;
  if (exactRows.count > 0)
    yield occurrenceFinding('warning', 'repeated-rows', exactRows, {
      problem: `expected each row once, got ${exactRows.count} of ${rows} again, letter by letter`,
      advice: 'remove them',
    });
  if (similarRows.count > 0)
    yield occurrenceFinding('warning', 'similar-rows', similarRows, {
      problem: `expected each row once, got ${similarRows.count} of ${rows} again but for case, width or blanks`,
      advice: 'remove them',
    });
  if (repeatedPassages.count > 0)
    yield occurrenceFinding('warning', 'repeated-passages', repeatedPassages, {
      problem: `expected each passage once in a list, got ${repeatedPassages.count} again in the same "pos" or "neg"`,
      advice: 'remove them: they are drawn more often than others',
    });
  const different = repeatedQueries.count - exactRows.count - similarRows.count;
  if (loss.kind === 'in-batch' && batchSize > 1 && different / rows > 0.01)
    yield occurrenceFinding('warning', 'repeated-queries', repeatedQueries, {
      problem: `expected each query once, since the passages of other rows in a batch count as wrong, got ${different} of ${rows} rows with the query of another`,
      advice: 'join the rows of a query into one with several "pos"',
    });
  if (comparedRows < rows)
    yield {
      severity: 'warning',
      code: 'not-compared',
      where: Object.keys(survey.files).join(', '),
      problem: `expected at most 2,097,152 different texts to compare, got more: repeats and contradictions were sought in the first ${comparedRows} of ${rows} rows`,
      advice: 'nothing, if these are like the others',
    };
}

/** What is wrong with evaluation rows beside those of training. */
export function* leakFindings(survey: Survey): Generator<Finding> {
  const { leaked, rows } = survey;
  if (leaked.queries.count > 0)
    yield occurrenceFinding('warning', 'leaked-queries', leaked.queries, {
      problem: `expected queries that training does not have, got ${leaked.queries.count} of ${rows} rows with one of train_dataset, in ${leaked.pairs.count} of them with the same passage: their metrics flatter the model`,
      advice: 'take them out of one of the two',
    });
}

function occurrenceFinding(
  severity: Finding['severity'],
  code: string,
  { first = '' }: Occurrences,
  words: Pick<Finding, 'problem' | 'advice'>,
): Finding {
  return { severity, code, where: first, ...words };
}
