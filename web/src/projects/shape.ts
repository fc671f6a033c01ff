// Shapes of the projects pages, and a configuration as lines to read. Pure.
export interface ConfigFault { file?: string; line?: number; column?: number; path?: string; text?: string; detail?: string; hint?: string; pointer?: string; origin?: string }
export interface Project { name: string; path: string; url?: string | null; branch?: string | null; sha?: string | null; dirty?: boolean | null; group?: string | null; synced_at?: string; config?: Record<string, unknown> | null; errors?: ConfigFault[] }

export interface ConfigLine { path: string; depth: number; key: string; value: string }

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The configuration as YAML shows it, a line a key. */
export function configLines(config: Record<string, unknown>, base = "", depth = 0): ConfigLine[] {
  return Object.entries(config).flatMap(([key, value]) => {
    const path = base ? `${base}.${key}` : key;
    if (isMap(value) && Object.keys(value).length) return [{ path, depth, key, value: "" }, ...configLines(value, path, depth + 1)];
    return [{ path, depth, key, value: isMap(value) ? "{}" : typeof value === "string" ? value : JSON.stringify(value) }];
  });
}

export function faultPlace(fault: ConfigFault): string {
  if (fault.origin) return fault.origin;
  return [fault.file, fault.line, fault.column].filter((part) => part !== undefined && part !== "").join(":");
}
