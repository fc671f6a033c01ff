// Values of the project's secrets, typed for one launch. They live in this page's memory alone: beside the draft, which
// is kept, and beside the preview and the test, which do without.
import { computed, signal, type ReadonlySignal } from "@preact/signals";

import type { JsonObject } from "./model";

export class Secrets {
  readonly values = signal<Record<string, string>>({});
  readonly isTried = signal(false); // a launch was: from then on an empty field is shown as a fault
  readonly missing = computed(() => this.names.value.filter((name) => !this.values.value[name]));
  readonly faults = computed(() => Object.fromEntries(this.missing.value.map((name) => [`secret:${name}`, "The job needs its value, which is not stored"])));

  constructor(readonly names: ReadonlySignal<string[]>) {}

  set(name: string, value: string): void {
    this.values.value = { ...this.values.value, [name]: value };
  }

  clear(): void {
    this.values.value = {};
    this.isTried.value = false;
  }

  /** What stands beside its field. */
  shown(name: string): string | undefined {
    return this.isTried.value ? this.faults.value[`secret:${name}`] : undefined;
  }

  /** As the request has them, of those that are declared and no other. */
  asRequest(): JsonObject {
    const given = this.names.value.filter((name) => this.values.value[name]).map((name) => [name, this.values.value[name]!]);
    return given.length ? { environment: Object.fromEntries(given) } : {};
  }
}

/** Of what the gateway resolved: the names in env.secrets. */
export function secretNames(resolved: Record<string, { value: unknown }> | undefined): string[] {
  const names = resolved?.["env.secrets"]?.value;
  return Array.isArray(names) ? names.map(String) : [];
}
