import { stripVTControlCharacters } from 'node:util';

/** A node by its op type and its name, `''` where the log does not say. */
export interface PlacedNode {
  readonly opType: string;
  readonly name: string;
}

/** The nodes of one model by the provider that runs them. */
export type Placements = ReadonlyMap<string, readonly PlacedNode[]>;

/**
 * Reads where ONNX Runtime placed the nodes of its sessions from a log of severity 0 (`VerifyEachNodeIsAssignedToAnEp` in session_state.cc),
 * in the order of the sessions. A model whose nodes are all on one provider has its nodes not named in the log.
 */
export function nodePlacements(log: string): Placements[] {
  const models: Map<string, PlacedNode[]>[] = [];
  let nodes: PlacedNode[] = [];
  for (const line of stripVTControlCharacters(log).split('\n')) {
    const message = /VerifyEachNodeIsAssignedToAnEp\]\s+(.*)$/.exec(line)?.[1];
    if (message === undefined) continue;
    if (message === 'Node placements') models.push(new Map());
    const placed = /^(All )?nodes? ?(?:\(s\) )?placed on \[(\w+)\]\. Number of nodes: (\d+)/i.exec(
      message.replace('Node(s)', 'Nodes'),
    );
    if (placed) {
      nodes = placed[1] ? Array.from({ length: Number(placed[3]) }, () => ({ opType: '', name: '' })) : [];
      models.at(-1)?.set(placed[2]!, nodes);
      continue;
    }
    const node = /^(\S+) \((.*)\)$/.exec(message);
    if (node && models.length > 0) nodes.push({ opType: node[1]!, name: node[2]! });
  }
  return models;
}
