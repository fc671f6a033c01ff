// make screenshots: each page in both themes, wide and narrow, into build/screenshots. KEEP=1 serves on until Ctrl-C.
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { Gateway, openBrowser, openTab, root, seed, sleep, wrongs } from "./support.mjs";
import { shots } from "./pages.mjs";

const out = join(root, "build/screenshots");
mkdirSync(out, { recursive: true });
const only = process.argv.slice(2);
const gateway = await Gateway.start();
const browser = await openBrowser();
let bad = 0;
try {
  const ids = await seed(gateway);
  await sleep(6000); // curves and logs of the running jobs grow a little
  for (const shot of shots(ids)) {
    if (only.length && !only.some((word) => shot.name.includes(word))) continue;
    for (const theme of ["light", "dark"])
      for (const width of [1440, 390]) {
        const page = await openTab(browser, gateway, { width, height: width < 500 ? 844 : 900, theme });
        await page.at(shot.path);
        await shot.ready?.(page);
        await sleep(500);
        await page.screenshot({ path: join(out, `${shot.name}-${theme}-${width}.png`) });
        for (const line of await wrongs(page)) { bad++; console.error(`${shot.name} ${theme} ${width}: ${line}`); }
        await page.context().close();
      }
    console.log(`  SHOT  ${shot.name}`);
  }
  if (process.env.KEEP) { console.log(gateway.url); await new Promise((done) => process.on("SIGINT", done)); }
} finally {
  await browser.close();
  await gateway.stop();
}
process.exit(bad ? 1 : 0);
