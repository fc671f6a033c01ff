// What the tests do over and over on the page: wait for the form, find the job, walk by Tab.
export const previewed = (page) => page.waitForSelector(".preview .lcode .l");
export const script = (page) => page.textContent(".preview .scr");
export const inScript = (page, text) => page.waitForFunction((wanted) => document.querySelector(".preview .scr")?.textContent.includes(wanted), text);
export const jobHere = (page) => page.waitForURL(/\/jobs\/\d+$/, { timeout: 60_000 }).then(() => Number(page.url().match(/(\d+)$/)[1]));
export const badge = (page, word, timeout = 90_000) => page.waitForSelector(`.jh .badge:has-text("${word}")`, { timeout });
export const rows = (page) => page.waitForSelector(".rows .tr");
export const live = (page) => page.waitForSelector(".live:has-text('Live')");

/** Tab until the focus is where it is wanted. */
export async function tabTo(page, selector, most = 150) {
  for (let at = 0; at < most; at++) {
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`no way by Tab to ${selector}`);
}
