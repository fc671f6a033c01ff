// The list of pages as a value that anybody may read; pages.tsx fills it in. (Those who list pages must not load them.)
import { signal } from "@preact/signals";
import type { ComponentType } from "preact";

export interface Page {
  path: string; // as preact-iso matches it, below the base
  title: string;
  icon?: string; // in the navigation; none: not listed
  key?: string; // g KEY goes there
  section?: "deep"; // second part of the navigation
  view: ComponentType<any>;
}

export const knownPages = signal<Page[]>([]);

export function pageAt(path: string): boolean {
  return knownPages.value.some((page) => page.path === path);
}
