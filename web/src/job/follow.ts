// A box that stays at its end. Lines that come, are measured anew or are let go move it too, and a jump to a line may
// still be under way when its end is asked for: none of that lets go of the end, only a hand that moves up.
import { useEffect, useLayoutEffect, useRef, type MutableRef } from "preact/hooks";

const REACH_MS = 1000; // a wheel, a key and a finger may scroll on for so long
const NEAR_PX = 30;
const upKeys = ["ArrowUp", "PageUp", "Home", " "]; // the space bar with Shift

/** Tells a person's scrolling from the page's own: by what the hand did just before. */
export class Hand {
  private at = -Infinity;
  private isDown = false;
  private top = 0; // where the box was last

  act(now: number): void {
    this.at = now;
  }

  /** A button that is down may drag the scroll bar, or a selection. */
  hold(): void {
    this.isDown = true;
  }

  release(now: number): void {
    if (this.isDown) this.at = now;
    this.isDown = false;
  }

  /** What it did before no longer counts, though the box may still be gliding from it. */
  forget(): void {
    this.at = -Infinity;
    this.isDown = false;
  }

  /** The page itself put the box there. */
  put(top: number): void {
    this.top = top;
  }

  /** The box is at another place: whether a hand moved it up there. */
  movedUp(top: number, now: number): boolean {
    const isUp = top < this.top;
    this.top = top;
    return isUp && (this.isDown || now - this.at < REACH_MS);
  }
}

const below = (box: HTMLElement): number => box.scrollHeight - box.scrollTop - box.clientHeight;
export const isAtEnd = (box: HTMLElement): boolean => below(box) < NEAR_PX;

interface Following { follow: boolean; leave: () => void; shape: unknown[] } // shape: with another the end is elsewhere

/** Keeps the box at its end while it follows. Answers what to call when the box was scrolled. */
export function useFollow(box: MutableRef<HTMLElement | null>, { follow, leave, shape }: Following): () => void {
  const hand = useRef(new Hand()).current;
  const toEnd = (): void => {
    const element = box.current!;
    element.scrollTop = element.scrollHeight;
    hand.put(element.scrollTop);
  };
  useEffect(() => watchHand(box.current!, hand), []);
  useLayoutEffect(() => { if (follow) hand.forget(); }, [follow]);
  useLayoutEffect(() => { if (follow) toEnd(); }, [follow, ...shape]);
  return () => {
    const isByHand = hand.movedUp(box.current!.scrollTop, performance.now());
    if (!follow) return;
    if (!isByHand && below(box.current!) > 1) toEnd();
    else if (!isAtEnd(box.current!)) leave();
  };
}

function watchHand(box: HTMLElement, hand: Hand): () => void {
  const stop = new AbortController();
  const options = { passive: true, signal: stop.signal };
  const act = (): void => hand.act(performance.now());
  for (const kind of ["wheel", "touchmove"]) box.addEventListener(kind, act, options);
  box.addEventListener("keydown", ({ key }) => { if (upKeys.includes(key)) act(); }, options);
  box.addEventListener("pointerdown", () => hand.hold(), options);
  for (const kind of ["pointerup", "pointercancel"]) addEventListener(kind, () => hand.release(performance.now()), options);
  return () => stop.abort();
}
