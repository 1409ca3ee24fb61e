import { formatType, GraphError, type Node, topologicalOrder, type Value } from '@rag/onnx';

/**
 * The values between the layers of an encoder, found in a graph that is built of it: `hidden_states.0` what goes into the first layer,
 * `hidden_states.<i>` what leaves the i-th, each [tokens, hidden]. Where training cuts its plan into segments of one layer each.
 * @param ends what the graph computes
 * @param layers how many there are
 * @param exits what heads behind earlier layers compute: `exits.<i>` stands beside the last `hidden_states.<i>` that it depends on, so that the
 * segment of its layer computes it
 * @throws GraphError where the graph does not have so many layers in a row with one value between them
 */
export function layerCuts(
  ends: readonly Value[],
  layers: number,
  exits: readonly Value[] = [],
): Readonly<Record<string, Value>>[] {
  const leaving = Array.from({ length: layers }, () => new Set<Value>());
  const entering = new Set<Value>();
  const learned = new Set<Value>();
  const order = topologicalOrder([...ends, ...exits]);
  const layerOf = layersOf(order);
  const read = (value: Value | null, reader: number | undefined): void => {
    if (value?.source.kind !== 'node' || !learned.has(value)) return;
    const layer = layerOf(value.source);
    if (layer !== undefined && layer !== reader) leaving[layer]?.add(value);
    if (layer === undefined && reader === 0) entering.add(value);
  };
  for (const node of order) {
    if (node.inputs.some((value) => value && (value.source.kind === 'parameter' || learned.has(value))))
      for (const value of node.outputs) learned.add(value);
    for (const value of node.inputs) read(value, layerOf(node));
  }
  for (const value of ends) read(value, undefined);
  const states = leaving.map((values, i) => only([...values], `what leaves layer ${i}`, layers));
  const type = states[0] && formatType(states[0]);
  const first = [...entering].filter((value) => formatType(value) === type);
  const cuts = [only(first, 'what enters layer 0', layers), ...states].map((value, i) => ({
    [`hidden_states.${i}`]: value,
  }));
  for (const value of exits) {
    const last = Math.max(0, ...topologicalOrder([value]).map((node) => (layerOf(node) ?? -1) + 1));
    cuts[last]![`exits.${last}`] = value;
  }
  return cuts;
}

const NUMBER = /^\d+$/;

/**
 * Modules are named as parameters are: `model/layers/3/self_attn/q_proj` lies in layer 3. The first numbers of a graph are its layers'; heads that
 * are numbered too (`lm_head/0`) come behind them.
 */
function layersOf(order: readonly Node[]): (node: Node) => number | undefined {
  const split = ({ scope }: Node) => {
    const parts = scope.split('/');
    const place = parts.findIndex((part) => NUMBER.test(part));
    return place < 0 ? undefined : { stem: parts.slice(0, place).join('/'), number: Number(parts[place]) };
  };
  const stem = order.map(split).find((found) => found)?.stem;
  return (node) => {
    const found = split(node);
    return found?.stem === stem ? found?.number : undefined;
  };
}

function only(values: readonly Value[], what: string, layers: number): Value {
  const [value, ...more] = values;
  if (value && more.length === 0) return value;
  throw new GraphError(
    'layerCuts',
    `expected ${layers} layers that follow each other, got ${values.length} values as ${what} — train this architecture in one segment`,
  );
}
