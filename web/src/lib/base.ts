/** Where the gateway stands below its host: "" or "/sluice". No slash at its end. */
export const base: string = document.querySelector<HTMLMetaElement>('meta[name="base"]')?.content.replace(/\/$/, "") ?? "";

/** An address of this page: href("/jobs/12"). */
export function href(path: string): string {
  return base + path;
}
