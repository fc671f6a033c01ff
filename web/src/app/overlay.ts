// What lies over the page, opened by its keys or by the navigation.
import { signal } from "@preact/signals";

export const overlay = signal<"none" | "palette" | "help">("none");
