import type { LoggedEvent } from "./recorded-event.ts";

/** An event in a flow. */
export interface FlowNode {
  readonly id: string;
  readonly type: string;
  readonly stream: string;
  readonly version: number;
  readonly position: number;
  readonly recorded: string;
  readonly actor: string;
  /** Milliseconds since the flow's first event. */
  readonly sinceStart: number;
}

/** `from` caused `to`, so many milliseconds before it. Ids of events. */
export interface FlowEdge {
  readonly from: string;
  readonly to: string;
  readonly durationMs: number;
}

/** Who caused whom among the events of one correlation. */
export interface Flow {
  readonly nodes: readonly FlowNode[];
  readonly edges: readonly FlowEdge[];
  /** A Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html). */
  readonly mermaid: string;
}

/** The flow of events that share a correlation, given in the order of positions. */
export function flowOf(events: readonly Omit<LoggedEvent, "data">[]): Flow {
  const start = Math.min(...events.map(({ recorded }) => Date.parse(recorded)));
  const nodes = events.map(({ id, type, stream, version, position, recorded, metadata }) => {
    return { id, type, stream, version, position, recorded, actor: metadata.actor, sinceStart: Date.parse(recorded) - start };
  });
  // Where several sources used one id, the latest before the effect is meant.
  const byId = new Map<string, FlowNode>();
  const edges: FlowEdge[] = [];
  const arrows: string[] = [];
  const labels = new Map<FlowNode, string>();
  for (const [index, node] of nodes.entries()) {
    labels.set(node, `n${index + 1}`);
    const cause = byId.get(events[index]?.metadata.causationId ?? "");
    byId.set(node.id, node);
    if (cause === undefined) continue;
    const durationMs = node.sinceStart - cause.sinceStart;
    edges.push({ from: cause.id, to: node.id, durationMs });
    arrows.push(`  ${labels.get(cause)} -- "${durationMs} ms" --> ${labels.get(node)}`);
  }
  const boxes = nodes.map((node) => `  ${labels.get(node)}["${escaped(node.type)}<br/>${escaped(node.stream)} @${node.version}"]`);
  return { nodes, edges, mermaid: ["flowchart LR", ...boxes, ...arrows].join("\n") };
}

/** Text inside a quoted label: what Mermaid or HTML would read as more than text becomes an entity. */
function escaped(text: string): string {
  return text.replace(/[^A-Za-z0-9 ._~:/-]/gu, (char) => `#${char.codePointAt(0)};`);
}
