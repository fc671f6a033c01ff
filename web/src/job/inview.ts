// Work that waits until somebody can see it, then one piece a task: while a page of twenty charts draws itself it answers
// keys, and what nobody scrolls to is never drawn.

export interface Piece {
  /** The work is due: soon where the element is in view, else when it comes there. */
  due: () => void;
  stop: () => void;
}

interface Kept { work: () => void; isInView: boolean; isDue: boolean }

const kept = new Map<Element, Kept>();
const queue = new Set<Kept>();
let observer: IntersectionObserver | undefined;

function next(): void {
  const [first] = queue;
  if (!first) return;
  queue.delete(first);
  if (queue.size) setTimeout(next);
  first.isDue = false;
  first.work();
}

function ask(one: Kept): void {
  if (!one.isDue || !one.isInView || queue.has(one)) return;
  queue.add(one);
  if (queue.size === 1) setTimeout(next);
}

function onSeen(entries: IntersectionObserverEntry[]): void {
  for (const { target, isIntersecting } of entries) {
    const one = kept.get(target);
    if (!one) continue;
    one.isInView = isIntersecting;
    if (isIntersecting) ask(one);
    else queue.delete(one);
  }
}

/** Calls work each time it has become due and element is in view, or nearly. */
export function whenSeen(element: Element, work: () => void): Piece {
  observer ??= new IntersectionObserver(onSeen, { rootMargin: "240px" });
  const one: Kept = { work, isInView: false, isDue: false };
  kept.set(element, one);
  observer.observe(element);
  return {
    due: () => { one.isDue = true; ask(one); },
    stop: () => { kept.delete(element); queue.delete(one); observer?.unobserve(element); },
  };
}
