// Hostile text in every field of every answer of the gateway, and what must hold all the same.

// Text as people and clusters would hardly write it, for every field that holds text.
export const spiteful = "\"><img src=x onerror=window.hacked=1><script>window.hacked=1</script>' onmouseover='window.hacked=1' {{7*7}} ${7*7} "
  + "\x1b[31mred\x1b]0;title\x07\x1b]8;;javascript:window.hacked=1\x07link\x1b]8;;\x07 \u202egnp.exe \u2066isolate \u200fright\u200e \x00\x08\x7f\ufffe %s%n &lt;b&gt; ";
export const endless = "x".repeat(5000); // in each of hundreds of fields
const longest = "x".repeat(100_000); // in the first of each of these fields of an answer, as in a line of a real log
const isProse = /^(name|description|title|why|detail|error|text|reason)$/;
// What must stay as it is for a page to be one at all: words of ours, times, numbers, what stands in addresses.
const ours = /^(state|kind|topic|code|scheduler|type|phase|tone|status|level|source|backend|method|.*_at|at|time|next|token|sha256|version|commit|tree|date|event|instance)$/;

/** Every text of an answer with `more` behind it, names of metrics, labels and members included. */
function spoil(value, more, key = "", grown = new Set()) {
  if (typeof value === "string" && more === endless && isProse.test(key) && !grown.has(key)) {
    grown.add(key);
    return value + longest;
  }
  if (typeof value === "string") return ours.test(key) || /^\d{4}-\d\d-\d\dT/.test(value) ? value : /^https?:/.test(value) ? `javascript:window.hacked=1//${value}` : value + more;
  if (Array.isArray(value)) return value.map((one) => spoil(one, more, key, grown));
  if (!value || typeof value !== "object") return value;
  const isOpen = ["metrics", "series", "overrides", "params", "vars", "default_overrides", "environment"].includes(key);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [isOpen ? name + more : name, spoil(one, more, name, grown)]));
}

/** The gateway's answers on their way to the page, spoiled. Not the log's bytes, which are counted: a real log is as bad
 *  as this. Tells how many came and are to come. */
export async function spoilAnswers(page, more) {
  const asked = { open: 0, count: 0 };
  await page.route(/\/api\/v1\//, async (route) => {
    if (/\/(events|log)\?/.test(route.request().url()) || route.request().method() !== "GET") return route.continue();
    asked.open++;
    try {
      return await spoiled(route, more);
    } catch {
      return undefined; // the page was left
    } finally {
      asked.open--;
      asked.count++;
    }
  });
  return asked;
}

async function spoiled(route, more) {
  const answer = await route.fetch();
  const isJson = (answer.headers()["content-type"] ?? "").includes("json");
  const text = await answer.text();
  const body = isJson ? JSON.stringify(spoil(JSON.parse(text), more)) : text.replaceAll("\n", `${more.slice(0, 2000)}\n`);
  const { "content-length": _, "content-encoding": __, ...headers } = answer.headers();
  return route.fulfill({ status: answer.status(), headers, body });
}

export const noScripts = (page) => page.evaluate(() => [
  ...(window.hacked ? ["a script ran"] : []),
  ...[...document.querySelectorAll("main img, main iframe, main object, main script")].map((one) => `an element of a text: ${one.outerHTML.slice(0, 80)}`),
  ...[...document.querySelectorAll("[href], [src], [action]")].filter((one) => /^\s*javascript:/i.test(one.getAttribute("href") ?? one.getAttribute("src") ?? "")).map((one) => `a script for a link: ${one.outerHTML.slice(0, 80)}`),
  ...[...document.querySelectorAll("main *")].flatMap((one) => [...one.attributes].filter(({ name }) => name.startsWith("on")).map(({ name }) => `an attribute ${name}`)),
]);

/** Nothing beside its box: each card stays inside the page, whatever is in it. */
export const unbroken = (page) => page.evaluate(() => [...document.querySelectorAll("main .card, main h1, main header")].flatMap((one) => {
  const { left, right, width, height } = one.getBoundingClientRect();
  for (let box = one.parentElement; box; box = box.parentElement) if (box !== document.body && getComputedStyle(box).overflowX !== "visible" && box.clientWidth <= innerWidth) return [];
  if (!width || !height) return [];
  return right > innerWidth + 1 || left < -1 ? [`${one.className || one.tagName} reaches from ${left} to ${right} of ${innerWidth}`] : [];
}));
