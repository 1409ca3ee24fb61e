import { type Answer, type HttpFixture, httpFixture } from './http-fixture.js';

/** A run as the service has it. */
interface WandbRun {
  readonly project: string;
  readonly displayName: string;
  readonly config: string;
  /** Lines by number. */
  readonly history: string[];
  readonly log: string[];
  summary: string;
}

/** What of Weights & Biases' service a tracker uses: two GraphQL operations and `file_stream`. */
export interface WandbServer extends HttpFixture {
  readonly runs: ReadonlyMap<string, WandbRun>;
  /** Exit codes, in order. */
  readonly exits: readonly number[];
}

type Chunk = { readonly offset: number; readonly content: readonly string[] };

export async function wandbServer(apiKey: string): Promise<WandbServer> {
  const runs = new Map<string, WandbRun>();
  const exits: number[] = [];
  const authorization = `Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}`;
  const good = (body: object): Answer => ({ status: 200, body });
  const graphql = (query: string, variables: Record<string, string>): Answer => {
    const name = variables.name!;
    if (query.includes('query RunResumeStatus(')) {
      const run = runs.get(name);
      if (run === undefined) return good({ data: { model: null } });
      const bucket = {
        historyLineCount: run.history.length,
        logLineCount: run.log.length,
        historyTail: JSON.stringify(run.history.slice(-1)),
        summaryMetrics: run.summary,
      };
      return good({ data: { model: { bucket } } });
    }
    if (!query.includes('mutation UpsertBucket('))
      return good({ errors: [{ message: 'Cannot query' }], data: null });
    const inserted = !runs.has(name);
    if (inserted)
      runs.set(name, {
        project: variables.project!,
        displayName: variables.displayName!,
        config: variables.config!,
        history: [],
        log: [],
        summary: '{}',
      });
    const project = { name: variables.project, entity: { name: variables.entity ?? 'own-entity' } };
    return good({ data: { upsertBucket: { bucket: { id: `id-${name}`, name, project }, inserted } } });
  };
  const fixture = await httpFixture(({ path, body, authorization: header }) => {
    if (header !== authorization) return { status: 401, body: { message: `not authorized: ${header}` } };
    if (path === '/graphql') return graphql(String(body.query), body.variables as Record<string, string>);
    const stream = /^\/files\/([^/]+)\/([^/]+)\/([^/]+)\/file_stream$/.exec(path);
    const run = stream === null ? undefined : runs.get(decodeURIComponent(stream[3]!));
    if (run === undefined) return { status: 404, body: {} };
    for (const [name, { offset, content }] of Object.entries((body.files ?? {}) as Record<string, Chunk>)) {
      if (name === 'wandb-summary.json') run.summary = content[0]!;
      const lines = name === 'wandb-history.jsonl' ? run.history : run.log;
      if (name === 'wandb-summary.json') continue;
      if (offset > lines.length) return { status: 400, body: { message: 'a gap' } };
      content.forEach((line, index) => {
        lines[offset + index] = line;
      });
    }
    if (body.complete === true) exits.push(Number(body.exitcode));
    return good({ limits: {} });
  });
  return { ...fixture, runs, exits };
}
