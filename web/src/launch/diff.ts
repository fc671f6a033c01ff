// Two scripts line by line: what the last run had and this one has not, and the other way round. Pure.
export interface DiffLine { kind: "same" | "old" | "new"; text: string; at?: number } // at: its line in the new text, from 1

/** What differs in every run and says nothing: the job's token, its seed. */
export function plain(script: string): string {
  return script.replace(/jx[0-9a-z]{26}/g, "jx…").replace(/SLUICE_SEED='?\d+'?/g, "SLUICE_SEED=…");
}

// Lengths of the longest common parts, from the end. Scripts are a few hundred lines; the middle that differs, fewer.
function table(a: string[], b: string[]): Uint32Array[] {
  const rows = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      rows[i]![j] = a[i] === b[j] ? rows[i + 1]![j + 1]! + 1 : Math.max(rows[i + 1]![j]!, rows[i]![j + 1]!);
  return rows;
}

function middle(a: string[], b: string[], first: number): DiffLine[] {
  if (a.length * b.length > 4_000_000) return [...a.map((text): DiffLine => ({ kind: "old", text })), ...b.map((text, j): DiffLine => ({ kind: "new", text, at: first + j }))];
  const rows = table(a, b);
  const out: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) { out.push({ kind: "same", text: b[j]!, at: first + j }); i++; j++; }
    else if (i < a.length && (j === b.length || rows[i + 1]![j]! >= rows[i]![j + 1]!)) out.push({ kind: "old", text: a[i++]! });
    else { out.push({ kind: "new", text: b[j]!, at: first + j }); j++; }
  }
  return out;
}

export function diffLines(before: string, after: string): DiffLine[] {
  const a = plain(before).split("\n");
  const b = plain(after).split("\n");
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const same = (from: number, to: number): DiffLine[] => b.slice(from, to).map((text, at) => ({ kind: "same", text, at: from + at + 1 }));
  return [...same(0, head), ...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail), head + 1), ...same(b.length - tail, b.length)];
}

/** Numbers of the lines that are new. */
export function changedLines(lines: DiffLine[]): Set<number> {
  return new Set(lines.filter((line) => line.kind === "new").map((line) => line.at!));
}

export interface Hunk { lines: DiffLine[]; skipped: number } // skipped: equal lines before it that are not shown

/** Only what differs, with some lines around. */
export function hunks(lines: DiffLine[], around = 2): Hunk[] {
  const near = lines.map((_, at) => lines.slice(Math.max(0, at - around), at + around + 1).some((line) => line.kind !== "same"));
  const out: Hunk[] = [];
  let skipped = 0;
  lines.forEach((line, at) => {
    if (!near[at]) { skipped++; return; }
    if (at === 0 || !near[at - 1] || !out.length) out.push({ lines: [], skipped });
    out.at(-1)!.lines.push(line);
    skipped = 0;
  });
  return out;
}
