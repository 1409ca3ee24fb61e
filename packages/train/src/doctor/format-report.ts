import type { DoctorReport } from './examine.js';
import { type Finding, formatFinding, percent } from './finding.js';
import { formatLengths } from './length-histogram.js';
import { probeLines } from './probe.js';
import { formatBytes } from './run-findings.js';
import { formatScripts } from './script.js';
import type { Survey } from './survey.js';
import type { TokenSurvey } from './survey-tokens.js';

/** How a finding's first word is shown; the plain text without a terminal. */
export type Paint = (severity: Finding['severity'], text: string) => string;

const plain: Paint = (_, text) => text;

/** A report as lines of text: rows, tokens, the run, and what was found. */
export function formatReport(report: DoctorReport, paint: Paint = plain): string {
  const { train, val, tokens, findings, estimate, freeBytes, memoryBytes, model, loss, task, probe } = report;
  const lines = [
    ...surveyLines('training rows', train),
    ...(val ? surveyLines('evaluation rows', val) : []),
    ...(tokens ? tokenLines(tokens, train.rows) : []),
    ...(model
      ? [
          `model: ${model.modelType}, ${model.layers} layers of ${model.hiddenSize}, up to ${model.longest} tokens, ${
            model.isFresh
              ? 'fresh weights'
              : model.parameters
                ? `${millions(model.parameters)} parameters`
                : 'of a file'
          }`,
        ]
      : []),
    `run: ${task}, loss ${loss}, ${count(estimate.examples, 'example')}, ${count(estimate.batchesPerEpoch, 'step')} per epoch, ${count(estimate.updates, 'update')} in all, ${estimate.warmup} of them warm-up`,
    ...(probe ? probeLines(probe, memoryBytes) : unmeasured(estimate)),
    ...(estimate.diskBytes === undefined
      ? []
      : [
          `disk: up to ${formatBytes(estimate.diskBytes)} for models${freeBytes === undefined ? '' : `, ${formatBytes(freeBytes)} free`}`,
        ]),
    '',
    ...findings.map((finding) => `${paint(finding.severity, finding.severity)} ${formatFinding(finding)}`),
    ...(findings.length > 0 ? [''] : []),
    verdict(findings),
  ];
  return `${lines.join('\n')}\n`;
}

const unmeasured = ({ stateBytes }: DoctorReport['estimate']): string[] =>
  stateBytes === undefined
    ? []
    : [
        `memory: ${formatBytes(stateBytes)} for weights, gradients and moments; activations, and the time, were not measured`,
      ];

/** `2 errors, 1 warning`. */
export function verdict(findings: readonly Finding[]): string {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.length - errors;
  if (findings.length === 0) return 'nothing found that is wrong with this run';
  return [
    ...(errors > 0 ? [count(errors, 'error')] : []),
    ...(warnings > 0 ? [count(warnings, 'warning')] : []),
  ].join(', ');
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

const millions = (parameters: number): string => `${(parameters / 1e6).toFixed(1)} M`;

const rounded = (value: number): string => String(Number(value.toPrecision(4)));

function surveyLines(title: string, survey: Survey): string[] {
  const { files, characters, scripts, labels, groups, passages, rows } = survey;
  if (rows === 0) return [`${title}: none could be read`];
  const byFile = Object.entries(files).map(
    ([file, shapes]) =>
      `  ${file}: ${Object.entries(shapes)
        .map(([shape, number]) => `${number} ${shape}`)
        .join(', ')}`,
  );
  return [
    `${title}: ${rows}, with ${passages} passages`,
    ...byFile,
    `  characters of a query: ${formatLengths(characters.query)}; ${formatScripts(scripts.query)}`,
    ...(passages > 0
      ? [`  characters of a passage: ${formatLengths(characters.passage)}; ${formatScripts(scripts.passage)}`]
      : []),
    ...(groups.count > 0 ? [`  passages of a row: ${formatLengths(groups.sizes)}`] : []),
    ...(labels.count > 0
      ? [
          `  labels or scores: ${labels.count}, ${labels.distinct >= 1000 ? '1000 or more' : labels.distinct} different, ${rounded(labels.least)} to ${rounded(labels.most)}`,
        ]
      : []),
  ];
}

function tokenLines(tokens: TokenSurvey, rows: number): string[] {
  const { query, passage, cutPassages, cutQueries, unknown, tokens: all, charactersPerToken } = tokens;
  const share = (part: number, of: number) => percent(part / Math.max(1, of));
  const sampled = tokens.rows < rows ? `, of ${tokens.rows} rows spread over all` : '';
  return [
    `tokens: ${charactersPerToken.toFixed(1)} characters each, ${share(unknown, all)} unknown${sampled}`,
    ...(query.count > 0
      ? [`  of a query: ${formatLengths(query)}; ${share(cutQueries.count, query.count)} are cut`]
      : []),
    `  of a passage: ${formatLengths(passage)}; ${share(cutPassages.count, passage.count)} are cut`,
  ];
}
