// Cycles of a directed graph: one shortest cycle through the first node of each strongly connected
// component. A component is found as the nodes that reach each other; for a graph of n nodes and
// e edges that costs n × e, which is milliseconds for the files of a project.

type Graph = ReadonlyMap<string, readonly string[]>

/** Each cycle as its nodes in order, the first one not repeated at the end. */
export function findCycles(graph: Graph): string[][] {
  const cycles: string[][] = []
  const covered = new Set<string>()
  for (const node of [...graph.keys()].sort()) {
    if (covered.has(node)) continue
    const cycle = shortestWay(graph, { from: node, to: node })
    if (cycle === undefined) continue
    cycles.push(cycle)
    for (const other of graph.keys()) {
      const there = shortestWay(graph, { from: node, to: other })
      const back = there && shortestWay(graph, { from: other, to: node })
      if (back) covered.add(other)
    }
  }
  return cycles
}

/** The nodes of a shortest way of at least one edge, without the last one. */
function shortestWay(graph: Graph, ends: { from: string; to: string }): string[] | undefined {
  const cameFrom = new Map<string, string>()
  const queue = [ends.from]
  for (const node of queue) {
    for (const next of graph.get(node) ?? []) {
      if (next === ends.to) return wayTo(node, ends.from, cameFrom)
      if (cameFrom.has(next) || next === ends.from) continue
      cameFrom.set(next, node)
      queue.push(next)
    }
  }
  return undefined
}

function wayTo(node: string, start: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const way = [node]
  for (let at: string | undefined = node; at !== start && at !== undefined; ) {
    at = cameFrom.get(at)
    if (at !== undefined) way.unshift(at)
  }
  return way
}
