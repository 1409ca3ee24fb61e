import { createHash } from 'node:crypto';
import { type HubModel, hubCommit } from './hub-content.js';
import type { Answer } from './hub-fault.js';
import { isAuthorized, json } from './hub-reader.js';
import type { HubAddresses, Route, RouteRequest } from './hub-route.js';

/** Contents from here on go to storage in parts. */
const IN_PARTS = 4096;
const PART = 2048;
const LARGE = 512;

interface CommitLine {
  readonly key: 'header' | 'file' | 'lfsFile' | 'deletedFile';
  readonly value: Readonly<Record<string, string>>;
}

/** Routes that take: a new model, the announcement of an upload, Git LFS contents in one piece or in parts, a commit. */
export function hubWriter(
  models: Map<string, HubModel>,
  addresses: HubAddresses,
): { hub: Route; cdn: Route } {
  /** Contents by SHA-256, and parts by `<SHA-256>/<number>`. */
  const stored = new Map<string, Uint8Array>();
  const text = ({ body }: RouteRequest) => new TextDecoder().decode(body);

  const create = (request: RouteRequest): Answer => {
    const asked = JSON.parse(text(request)) as Record<string, unknown>;
    const id = `${asked.organization}/${asked.name}`;
    if (models.has(id)) return json({ error: 'You already created this model repo' }, 409);
    models.set(id, { commits: [], private: asked.visibility === 'private' });
    return json({ url: `${addresses.hub}/${id}`, id });
  };

  const announce = (request: RouteRequest): Answer => {
    const { files } = JSON.parse(text(request)) as { files: { path: string; size: number }[] };
    return json({
      files: files.map(({ path, size }) => ({
        path,
        uploadMode: size > LARGE ? 'lfs' : 'regular',
        shouldIgnore: false,
      })),
    });
  };

  const batch = (request: RouteRequest): Answer => {
    const { objects } = JSON.parse(text(request)) as { objects: { oid: string; size: number }[] };
    return json({
      transfer: 'basic',
      objects: objects.map(({ oid, size }) => {
        if (stored.has(oid)) return { oid, size };
        const at = `${addresses.cdn}/upload/${oid}`;
        if (size < IN_PARTS) return { oid, size, actions: { upload: { href: at } } };
        const header: Record<string, string> = { chunk_size: String(PART) };
        for (let part = 1; (part - 1) * PART < size; part++)
          header[String(part).padStart(5, '0')] = `${at}/${part}`;
        return { oid, size, actions: { upload: { href: `${addresses.hub}/complete/${oid}`, header } } };
      }),
    });
  };

  const complete = (oid: string, request: RouteRequest): Answer => {
    const { parts } = JSON.parse(text(request)) as { parts: { partNumber: number; etag: string }[] };
    const contents = parts.map(({ partNumber, etag }) => {
      const content = stored.get(`${oid}/${partNumber}`);
      return content && etag === `"${partNumber}"` ? content : undefined;
    });
    if (contents.includes(undefined)) return json({ error: 'missing part' }, 400);
    return store(oid, Buffer.concat(contents as Uint8Array[]));
  };

  const store = (oid: string, content: Uint8Array): Answer => {
    if (createHash('sha256').update(content).digest('hex') !== oid)
      return { status: 400, body: 'wrong sha256' };
    stored.set(oid, content);
    return json({});
  };

  const commit = (id: string, branch: string, request: RouteRequest): Answer => {
    const model = models.get(id);
    if (!model) return json({ error: 'Repository not found' }, 404, { 'x-error-code': 'RepoNotFound' });
    const files: Record<string, Uint8Array> = {};
    for (const [path, { content }] of model.commits.at(-1)?.files ?? []) files[path] = content;
    for (const line of text(request).trim().split('\n')) {
      const { key, value } = JSON.parse(line) as CommitLine;
      if (key === 'file') files[value.path!] = Buffer.from(value.content!, 'base64');
      if (key === 'lfsFile') {
        const content = stored.get(value.oid!);
        if (!content) return json({ error: `LFS object ${value.oid} was not uploaded` }, 400);
        files[value.path!] = content;
      }
    }
    const made = hubCommit(files, branch === 'main' ? [] : [branch]);
    models.set(id, { ...model, commits: [...model.commits, made] });
    const commitUrl = `${addresses.hub}/${id}/commit/${made.id}`;
    const pullRequestUrl = request.query.has('create_pr')
      ? `${addresses.hub}/${id}/discussions/1`
      : undefined;
    return json({ success: true, commitOid: made.id, commitUrl, pullRequestUrl, hookOutput: '' });
  };

  return {
    hub(request) {
      const { method, segments } = request;
      if (method !== 'POST') return undefined;
      // Its address is signed.
      if (segments[0] === 'complete') return complete(segments[1]!, request);
      if (!isAuthorized(request))
        return json({ error: 'Invalid credentials' }, 401, {
          'x-error-message': 'Invalid credentials in Authorization header',
        });
      if (segments.join('/') === 'api/repos/create') return create(request);
      if (segments.slice(-4).join('/') === 'info/lfs/objects/batch') return batch(request);
      const [api, kind, org, name, action, branch] = segments;
      if (api !== 'api' || kind !== 'models') return undefined;
      if (action === 'preupload') return announce(request);
      return action === 'commit' ? commit(`${org}/${name}`, branch!, request) : undefined;
    },
    cdn(request) {
      const { method, segments, headers, body } = request;
      if (method !== 'PUT' || segments[0] !== 'upload') return undefined;
      if (headers.authorization !== undefined)
        return { status: 400, body: 'only one auth mechanism allowed' };
      const [, oid, part] = segments;
      if (part === undefined) return store(oid!, body);
      stored.set(`${oid}/${part}`, body);
      return { status: 200, headers: { etag: `"${part}"` } };
    },
  };
}
