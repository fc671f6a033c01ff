// Views: filters with a name. Pure.
export interface View { name: string; filter: string }

/** The kept views; what cannot be read is none. Pure. */
export function readViews(text: string | null): View[] {
  try {
    const list = JSON.parse(text ?? "[]") as unknown;
    return Array.isArray(list) ? list.filter((one): one is View => typeof one?.name === "string" && typeof one?.filter === "string") : [];
  } catch {
    return [];
  }
}

/** The views with one more, in the place of one of the same name. Pure. */
export function withView(views: View[], view: View): View[] {
  return [...views.filter((one) => one.name !== view.name), view].sort((a, b) => a.name.localeCompare(b.name));
}
