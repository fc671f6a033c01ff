// How well a few typed letters fit a text: every letter in order, better at word starts and in runs. Pure.

/** Higher is better; -1: does not fit. */
export function fuzzyScore(needle: string, hay: string): number {
  if (!needle) return 0;
  const text = hay.toLowerCase();
  let score = 0;
  let at = -1;
  for (const letter of needle.toLowerCase()) {
    if (letter === " ") continue;
    const found = text.indexOf(letter, at + 1);
    if (found < 0) return -1;
    const isStart = found === 0 || !/[a-z0-9]/.test(text[found - 1]!);
    score += found === at + 1 ? 5 : isStart ? 4 : 1;
    at = found;
  }
  return score - text.length / 100 + (text.includes(needle.toLowerCase()) ? 10 : 0);
}

export function fuzzySort<T>(needle: string, items: T[], text: (item: T) => string): T[] {
  return items
    .map((item) => ({ item, score: fuzzyScore(needle, text(item)) }))
    .filter(({ score }) => score >= 0)
    .sort((a, b) => b.score - a.score)
    .map(({ item }) => item);
}
