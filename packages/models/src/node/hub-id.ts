/** True for what the hub takes as a model's name: `org/name`, or a bare name of the hub's first models. */
export function isHubId(id: string): boolean {
  // https://huggingface.co/docs/huggingface_hub/package_reference/utilities, validate_repo_id
  const segment = /^[A-Za-z0-9_](?:[\w.-]*\w)?$/;
  const segments = id.split('/');
  return (
    segments.length <= 2 &&
    id.length <= 96 &&
    segments.every((one) => segment.test(one)) &&
    !id.includes('--') &&
    !id.includes('..') &&
    !id.endsWith('.git')
  );
}

/** @throws RangeError for what is no model's name */
export function checkHubId(id: string): void {
  if (!isHubId(id))
    throw new RangeError(
      `id: expected the name of a model of the hub, such as "BAAI/bge-m3", got ${JSON.stringify(id)} — letters, digits, "-", "_" and "." around one "/"`,
    );
}
