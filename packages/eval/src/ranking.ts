/** One query's candidates: what a system scored them and what the judges say. */
export interface JudgedQuery {
  /** Score of each candidate passage, higher is better; any real number or ±Infinity, not NaN. */
  scores: ArrayLike<number>;
  /** Relevance grade of each candidate, same order; > 0 is relevant, ≤ 0 is not (as trec_eval reads qrels). */
  relevance: ArrayLike<number>;
  /** Grades of judged passages that the system did not return: they count in recall, MAP and the ideal DCG. */
  missing?: ArrayLike<number>;
}

/** Passages of equal score: they occupy the ranks `start + 1 … start + size` in an order nobody chose. */
export interface TieGroup {
  /** Passages ranked above the group. */
  start: number;
  size: number;
  /** How many of them are relevant. */
  relevant: number;
  /** Their grades, in no particular order; grades ≤ 0 are stored as 0. */
  grades: readonly number[];
}

/** A judged ranking: tie groups by descending score. */
export interface Ranking {
  groups: readonly TieGroup[];
  /** Relevant passages over all judged ones, returned or missing: R. */
  relevant: number;
  /** Grades of all judged passages, descending: the ideal order. */
  ideal: readonly number[];
}

/**
 * Orders one query's candidates by descending score.
 *
 * Equal scores stay together as a group, and every metric of this package is the *expected value* over all orders of
 * each group (McSherry & Najork, ECIR 2008). So no metric depends on the order in which passages were listed: a system
 * that gives every passage the same score gets exactly the chance value. trec_eval instead breaks ties by document
 * name; without ties the numbers are the same.
 *
 * @param where names the query in errors
 * @throws on unequal lengths, no candidates, NaN scores, and grades that are not finite
 */
export function rank(query: JudgedQuery, where = 'query'): Ranking {
  const { scores, relevance } = query;
  const count = scores.length;
  if (relevance.length !== count) {
    throw new Error(
      `${where}: expected ${count} relevance grades (one per score), got ${relevance.length} — pass them in the order of the scores`,
    );
  }
  if (count === 0) {
    throw new Error(`${where}: expected at least one candidate, got none — leave the query out`);
  }
  const grades = Array.from(relevance, (grade, i) => readGrade(grade, `${where}: relevance[${i}]`));
  const missing = Array.from(query.missing ?? [], (grade, i) => readGrade(grade, `${where}: missing[${i}]`));
  const order = Array.from({ length: count }, (_, i) => i);
  for (const i of order) {
    if (typeof scores[i] !== 'number' || Number.isNaN(scores[i])) {
      throw new Error(
        `${where}: scores[${i}] expected a number, got ${scores[i]} — a model that diverged cannot be ranked`,
      );
    }
  }
  order.sort((a, b) => (scores[a]! === scores[b]! ? 0 : scores[b]! > scores[a]! ? 1 : -1));
  const groups: TieGroup[] = [];
  for (let start = 0; start < count; ) {
    let end = start + 1;
    while (end < count && scores[order[end]!] === scores[order[start]!]) end++;
    groups.push(
      tieGroup(
        start,
        order.slice(start, end).map((i) => grades[i]!),
      ),
    );
    start = end;
  }
  return judged(groups, missing);
}

/** A ranking without ties whose grades are already in rank order, first rank first. */
export function rankInOrder(grades: readonly number[], missing: readonly number[] = []): Ranking {
  return judged(
    grades.map((grade, start) => tieGroup(start, [grade])),
    missing,
  );
}

/** A ranking in which all candidates are tied: its metrics are their exact values under random order. */
export function rankTied(grades: readonly number[], missing: readonly number[] = []): Ranking {
  return judged([tieGroup(0, grades)], missing);
}

function judged(groups: TieGroup[], missing: readonly number[]): Ranking {
  const ideal = [...groups.flatMap((group) => group.grades), ...missing].sort((a, b) => b - a);
  return { groups, ideal, relevant: ideal.filter((grade) => grade > 0).length };
}

function tieGroup(start: number, grades: readonly number[]): TieGroup {
  return { start, size: grades.length, relevant: grades.filter((grade) => grade > 0).length, grades };
}

function readGrade(grade: unknown, where: string): number {
  if (typeof grade !== 'number' || !Number.isFinite(grade)) {
    throw new Error(`${where} expected a finite grade, got ${grade} — use 0 for not relevant`);
  }
  return Math.max(0, grade);
}
