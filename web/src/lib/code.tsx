// Text with line numbers and a little colour: batch scripts, configuration. Lines that changed can be marked.
import type { JSX } from "preact";

interface Bit { text: string; class: string }

// A comment, a string, a variable, an option, a word of the shell. Enough to find one's way; it is no shell.
const pattern = /(#SBATCH.*$)|((?:^|\s)#.*$)|("(?:[^"\\]|\\.)*"|'[^']*')|(\$\{[^}]*\}|\$[A-Za-z_]\w*|\$[0-9@*#?!$-])|(^\s*(?:export\s+)?[A-Za-z_]\w*(?==))|\b(if|then|else|elif|fi|for|do|done|while|until|case|esac|in|function|set|export|exec|trap|cd|srun|local|return|exit)\b/gm;
const classes = ["d", "c", "s", "v", "v", "k"];

export function bits(line: string): Bit[] {
  const found: Bit[] = [];
  let at = 0;
  for (const match of line.matchAll(pattern)) {
    if (match.index > at) found.push({ text: line.slice(at, match.index), class: "" });
    found.push({ text: match[0], class: classes[match.slice(1).findIndex((group) => group !== undefined)] ?? "" });
    at = match.index + match[0].length;
  }
  if (at < line.length) found.push({ text: line.slice(at), class: "" });
  return found;
}

/** marked: line numbers (from 1) to stand out; titles: what hovering a line says, by number. */
export function Code({ text, label, marked, titles }: { text: string; label: string; marked?: ReadonlySet<number>; titles?: ReadonlyMap<number, string> }): JSX.Element {
  const lines = text.replace(/\n$/, "").split("\n");
  return (
    <pre class="code listing" tabIndex={0} role="region" aria-label={label}>
      {lines.map((line, at) => (
        <span key={at} class={`cl${marked?.has(at + 1) ? " chg" : ""}`} title={titles?.get(at + 1)}>
          <span class="ln2" aria-hidden="true">{at + 1}</span>{bits(line).map((bit, index) => (bit.class ? <span key={index} class={bit.class}>{bit.text}</span> : bit.text))}{"\n"}
        </span>
      ))}
    </pre>
  );
}
