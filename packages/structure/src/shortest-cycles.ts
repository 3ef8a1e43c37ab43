/** A graph as adjacency: each node → the nodes that it leads to. */
type Graph = ReadonlyMap<string, ReadonlyMap<string, unknown>>

/** Finds a shortest cycle through each node of a cycle, without repetitions. Empty when the graph has no cycle. */
export function shortestCycles(graph: Graph): string[][] {
  const found = new Map<string, string[]>()
  for (const start of graph.keys()) {
    const cycle = shortestCycleThrough(graph, start)
    if (cycle) found.set([...cycle].sort().join(' '), cycle)
  }
  return [...found.values()]
}

function shortestCycleThrough(graph: Graph, start: string): string[] | undefined {
  const cameFrom = new Map<string, string>()
  const queue = [start]
  for (const node of queue) {
    for (const next of graph.get(node)?.keys() ?? []) {
      if (next === start) return pathTo(node, cameFrom)
      if (cameFrom.has(next)) continue
      cameFrom.set(next, node)
      queue.push(next)
    }
  }
  return
}

function pathTo(end: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const path = [end]
  for (let node = cameFrom.get(end); node !== undefined; node = cameFrom.get(node)) path.unshift(node)
  return path
}
