// make screenshots: each page, and each state a page can be in, in both themes, wide and narrow, into
// build/screenshots. ONLY="jobs error" takes some, KEEP=1 serves on until Ctrl-C.
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { empties, shots, states } from "./pages.mjs";
import { Proxy } from "./proxy.mjs";
import { Gateway, openBrowser, openTab, root, seed, sleep, wrongs } from "./support.mjs";

const out = join(root, "build/screenshots");
const only = process.argv.slice(2);
const nowhere = { name: "cedar", type: "slurm", host: "ml@127.0.0.1", port: 9, workspace: "/scratch/ml/mlops-jobs" };
const expected = /Failed to load resource|ERR_|net::/; // of a state that is a failure
let bad = 0;

async function shoot(browser, proxy, shot, theme, width) {
  const page = await openTab(browser, proxy, { width, height: width < 500 ? 844 : 900, theme });
  try {
    await shot.prepare?.(page, proxy);
    await page.at(shot.path);
    await shot.ready?.(page, proxy);
    await sleep(500);
    await page.screenshot({ path: join(out, `${shot.name}-${theme}-${width}.png`) });
    for (const line of await wrongs(page)) if (!expected.test(line)) throw new Error(line);
  } catch (error) {
    bad++;
    console.error(`${shot.name} ${theme} ${width}: ${error.message}`);
  } finally {
    proxy.fault = undefined;
    proxy.cut(false);
    await page.context().close();
  }
}

async function all(browser, gateway, list) {
  const proxy = await Proxy.start(gateway);
  for (const shot of list.filter(({ name }) => !only.length || only.some((word) => name.includes(word)))) {
    for (const theme of ["light", "dark"]) for (const width of [1440, 390]) await shoot(browser, proxy, shot, theme, width);
    console.log(`  SHOT  ${shot.name}`);
  }
  await proxy.stop();
}

mkdirSync(out, { recursive: true });
const fresh = await Gateway.start();
const gateway = await Gateway.start({ clusters: [nowhere] });
const browser = await openBrowser();
try {
  await all(browser, fresh, empties);
  const ids = await seed(gateway);
  await sleep(6000); // curves and logs of the running jobs grow a little
  await all(browser, gateway, [...shots(ids), ...states(ids)]);
  if (process.env.KEEP) { console.log(gateway.url); await new Promise((done) => process.on("SIGINT", done)); }
} finally {
  await browser.close();
  await fresh.stop();
  await gateway.stop();
}
process.exit(bad ? 1 : 0);
