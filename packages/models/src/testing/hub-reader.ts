import { findCommit, type HubCommit, type HubFile, type HubModel } from './hub-content.js';
import type { Answer } from './hub-fault.js';
import { HUB_TOKEN, type HubAddresses, type Route, type RouteRequest } from './hub-route.js';

/** Entries of a page of the tree: few, so that tests see several. */
const PAGE = 4;

export const json = (value: unknown, status = 200, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(value),
});

const failure = (status: number, code: string, message: string): Answer =>
  json({ error: message }, status, { 'x-error-code': code, 'x-error-message': message });

export const isAuthorized = ({ headers }: RouteRequest): boolean =>
  headers.authorization === `Bearer ${HUB_TOKEN}`;

/** Routes that give: info, tree and files of models on the hub, contents on the CDN. */
export function hubReader(
  models: ReadonlyMap<string, HubModel>,
  addresses: HubAddresses,
): { hub: Route; cdn: Route } {
  /** The commit that a request may see, or why not. */
  const find = (id: string, revision: string, request: RouteRequest): HubCommit | Answer => {
    if (request.headers.authorization !== undefined && !isAuthorized(request))
      return failure(401, 'InvalidToken', 'Invalid credentials in Authorization header');
    const model = models.get(id);
    // The hub tells strangers the same of a private model and of none.
    if (!model || (model.private && !isAuthorized(request)))
      return failure(
        isAuthorized(request) ? 404 : 401,
        'RepoNotFound',
        isAuthorized(request) ? 'Repository not found' : 'Invalid username or password.',
      );
    const gated = model.gated && request.segments.includes('resolve');
    if (gated)
      return failure(isAuthorized(request) ? 403 : 401, 'GatedRepo', `Access to model ${id} is restricted`);
    return findCommit(model, revision) ?? failure(404, 'RevisionNotFound', `Invalid rev id: ${revision}`);
  };

  const info = (id: string, revision: string, request: RouteRequest): Answer => {
    const commit = find(id, revision, request);
    if (!('files' in commit)) return commit;
    const siblings = [...commit.files.keys()].map((rfilename) => ({ rfilename }));
    return json({ _id: '1', id, sha: commit.id, private: false, gated: false, lastModified: 0, siblings });
  };

  const tree = (id: string, revision: string, request: RouteRequest): Answer => {
    const commit = find(id, revision, request);
    if (!('files' in commit)) return commit;
    const files = [...commit.files.values()];
    const folders = new Set(files.flatMap(({ path }) => (path.includes('/') ? [path.split('/')[0]!] : [])));
    const entries = [
      ...[...folders].map((path) => ({ type: 'directory', path, size: 0, oid: '0'.repeat(40) })),
      ...files.map(({ path, oid, content, sha256, pointerSize }) => ({
        type: 'file',
        path,
        oid,
        size: content.length,
        ...(sha256 && { lfs: { oid: sha256, size: content.length, pointerSize }, xetHash: 'e'.repeat(64) }),
      })),
    ];
    const start = Number(request.query.get('cursor') ?? 0);
    const next = `${addresses.hub}/api/models/${id}/tree/${revision}?recursive=true&cursor=${start + PAGE}`;
    const link = start + PAGE < entries.length ? { link: `<${next}>; rel="next"` } : undefined;
    return json(entries.slice(start, start + PAGE), 200, link);
  };

  const resolve = (id: string, revision: string, path: string, request: RouteRequest): Answer => {
    const commit = find(id, revision, request);
    if (!('files' in commit)) return commit;
    const file = commit.files.get(path);
    const at = { 'x-repo-commit': commit.id };
    if (!file) return failure(404, 'EntryNotFound', 'Entry not found');
    if (file.sha256 === undefined) return content(file, request, { ...at, etag: `"${file.oid}"` });
    return {
      status: 302,
      headers: {
        ...at,
        'x-linked-etag': `"${file.sha256}"`,
        'x-linked-size': String(file.content.length),
        location: `${addresses.cdn}/blobs/${file.sha256}?signature=secret`,
      },
    };
  };

  return {
    hub(request) {
      const { method, segments } = request;
      if (method !== 'GET' && method !== 'HEAD') return undefined;
      if (segments[0] === 'api' && segments[1] === 'models') {
        const [id, [kind, revision]] = [segments.slice(2, 4).join('/'), segments.slice(4)];
        if (kind === 'revision') return info(id, revision!, request);
        if (kind === 'tree') return tree(id, revision!, request);
        return undefined;
      }
      const [org, name, kind, revision, ...path] = segments;
      return kind === 'resolve' ? resolve(`${org}/${name}`, revision!, path.join('/'), request) : undefined;
    },
    cdn(request) {
      const { method, segments, headers } = request;
      if ((method !== 'GET' && method !== 'HEAD') || segments[0] !== 'blobs') return undefined;
      if (headers.authorization !== undefined)
        return { status: 400, body: 'only one auth mechanism allowed' };
      // The storage's own ETag is no checksum of the content.
      for (const { commits } of models.values())
        for (const { files } of commits)
          for (const file of files.values())
            if (file.sha256 === segments[1]) return content(file, request, { etag: '"storage-1"' });
      return { status: 404 };
    },
  };
}

function content(file: HubFile, { headers }: RouteRequest, more: Readonly<Record<string, string>>): Answer {
  const { length } = file.content;
  const [, from] = /^bytes=(\d+)-$/.exec(headers.range ?? '') ?? [];
  if (from === undefined) return { status: 200, headers: more, body: file.content };
  const start = Number(from);
  if (start >= length) return { status: 416, headers: { 'content-range': `bytes */${length}` } };
  return {
    status: 206,
    headers: { ...more, 'content-range': `bytes ${start}-${length - 1}/${length}` },
    body: file.content.subarray(start),
  };
}
