// Where each line of the script comes from, in words. Pure.
export interface ScriptLine { line: number; path: string; origin?: string | null } // without an origin: no layer says it, such as a name that is made up

export function originsOf(lines: ScriptLine[] = []): Map<number, string> {
  const found = new Map<number, string>();
  for (const { line, path, origin } of lines) {
    const told = origin ? `${path}: ${origin}` : path;
    found.set(line, [found.get(line), told].filter(Boolean).join("; "));
  }
  return found;
}
