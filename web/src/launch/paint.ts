// A line of shell as coloured pieces: directives, comments, strings, variables, words of the language. Pure.
export interface Piece { text: string; kind: "" | "c" | "d" | "k" | "s" | "v" }

const pattern = /(#SBATCH\b.*)|((?:^|\s)#.*)|('[^']*'?|"(?:[^"\\]|\\.)*"?)|(\$\{?[A-Za-z_][\w]*\}?|\b[A-Z][A-Z0-9_]{2,}(?==))|\b(if|then|else|fi|for|in|do|done|while|case|esac|export|local|set|trap|exit|return|cd|srun|exec)\b/g;
const kinds = ["d", "c", "s", "v", "k"] as const;

export function paint(line: string): Piece[] {
  const out: Piece[] = [];
  let from = 0;
  for (const match of line.matchAll(pattern)) {
    if (match.index > from) out.push({ text: line.slice(from, match.index), kind: "" });
    out.push({ text: match[0], kind: kinds[match.slice(1).findIndex((group) => group !== undefined)] ?? "" });
    from = match.index + match[0].length;
  }
  if (from < line.length) out.push({ text: line.slice(from), kind: "" });
  return out;
}
