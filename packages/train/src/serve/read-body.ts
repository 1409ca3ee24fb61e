import type { IncomingMessage } from 'node:http';
import { invalid, ServeError } from './serve-error.js';

/**
 * The JSON body of a request.
 * @param limit bytes
 * @throws ServeError for one that is larger (413), of another type or compressed (415), that does not come whole (408), or no JSON (400)
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<unknown> {
  const { 'content-type': type = '', 'content-encoding': coding = 'identity' } = request.headers;
  const refuse = (status: number, message: string) => {
    // What comes is read and dropped, so that the client reads the answer.
    request.resume();
    return new ServeError(status, 'validation', `body: ${message}`);
  };
  if (!/^application\/(json|[\w.+-]+\+json)\s*(;|$)/i.test(type))
    throw refuse(415, 'expected "content-type: application/json", got another');
  if (coding !== 'identity') throw refuse(415, 'expected no "content-encoding", got one');
  const tooLarge = () => refuse(413, `expected at most ${limit} bytes, got more — send fewer texts`);
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge();
  const broken = () =>
    new ServeError(408, 'validation', 'body: expected all of it, got the end of the connection');
  const chunks: Buffer[] = [];
  let bytes = 0;
  await new Promise<void>((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= limit) chunks.push(chunk);
      else {
        chunks.length = 0;
        request.removeAllListeners('data');
        reject(tooLarge());
      }
    });
    request.once('end', resolve);
    request.once('error', () => reject(broken()));
    request.once('close', () => reject(broken()));
  });
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const error = invalid('body', 'expected JSON, got something else');
    throw new ServeError(400, error.type, error.message);
  }
}
