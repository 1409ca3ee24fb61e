import { formatType, GraphError, type Node, topologicalOrder, type Value } from '@rag/onnx';

/**
 * The values between the layers of an encoder, found in a graph that is built of it: `hidden_states.0` what goes into the first layer,
 * `hidden_states.<i>` what leaves the i-th, each [tokens, hidden]. Where training cuts its plan into segments of one layer each.
 * @param ends what the graph computes
 * @param layers how many there are
 * @throws GraphError where the graph does not have so many layers in a row with one value between them
 */
export function layerCuts(ends: readonly Value[], layers: number): Readonly<Record<string, Value>>[] {
  const leaving = Array.from({ length: layers }, () => new Set<Value>());
  const entering = new Set<Value>();
  const learned = new Set<Value>();
  const read = (value: Value | null, reader: number | undefined): void => {
    if (value?.source.kind !== 'node' || !learned.has(value)) return;
    const layer = layerOf(value.source);
    if (layer !== undefined && layer !== reader) leaving[layer]?.add(value);
    if (layer === undefined && reader === 0) entering.add(value);
  };
  for (const node of topologicalOrder(ends)) {
    if (node.inputs.some((value) => value && (value.source.kind === 'parameter' || learned.has(value))))
      for (const value of node.outputs) learned.add(value);
    for (const value of node.inputs) read(value, layerOf(node));
  }
  for (const value of ends) read(value, undefined);
  const states = leaving.map((values, i) => only([...values], `what leaves layer ${i}`, layers));
  const type = states[0] && formatType(states[0]);
  const first = [...entering].filter((value) => formatType(value) === type);
  return [only(first, 'what enters layer 0', layers), ...states].map((value, i) => ({
    [`hidden_states.${i}`]: value,
  }));
}

/** Modules are named as parameters are: `model/layers/3/self_attn/q_proj` lies in layer 3. */
function layerOf({ scope }: Node): number | undefined {
  const number = scope.split('/').find((part) => /^\d+$/.test(part));
  return number === undefined ? undefined : Number(number);
}

function only(values: readonly Value[], what: string, layers: number): Value {
  const [value, ...more] = values;
  if (value && more.length === 0) return value;
  throw new GraphError(
    'layerCuts',
    `expected ${layers} layers that follow each other, got ${values.length} values as ${what} — train this architecture in one segment`,
  );
}
