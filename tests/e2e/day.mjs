// Eight hours with the list of jobs open, as fast as the page takes them: the page's clock runs on by five minutes at a
// time (each of its timers fires as often as in that time; its stream falls silent and is opened anew), the gateway
// changes 300 jobs and takes in and ends eight meanwhile, one of them runs and writes all along. The heap is looked at
// after a collection, at the start and then each half hour of the page.
import { rows } from "./steps.mjs";
import { sleep, until } from "./support.mjs";

const STEPS = Number(process.env.STEPS ?? 96); // of five minutes
const CHANGES = 300;
const COMING = 8;

/** What the document and its scripts hold, after two collections: the first lets go what the second can free. */
async function held(page, heap) {
  await heap(page);
  await sleep(200);
  const mb = await heap(page);
  const { nodes, jsEventListeners } = await page.cdp.send("Memory.getDOMCounters");
  return { mb, nodes, listeners: jsEventListeners };
}

async function changeSome(gateway, ids, round) {
  const lane = async (first) => { for (let at = first; at < CHANGES; at += 10) await gateway.ask("PATCH", `/jobs/${ids[at % ids.length]}`, { tags: [`r${round}-${at}`] }); };
  await Promise.all(Array.from({ length: 10 }, (_, first) => lane(first)));
}

async function turnOver(gateway, round) {
  const jobs = await Promise.all(Array.from({ length: COMING }, (_, at) => gateway.submit({ name: `day-${round}-${at}`, steps: 1 })));
  await Promise.all(jobs.map(({ id }) => gateway.post(`/jobs/${id}/cancel`)));
  return Math.max(...jobs.map(({ id }) => id));
}

/** The list shows this job: what came before it was heard, too. */
const caughtUp = (page, id) => page.waitForFunction((wanted) => [...document.querySelectorAll(".rows .id")].some((one) => Number(one.textContent) >= wanted), id, { timeout: 60_000, polling: 100 });

export async function day({ browser, gateway, open, heap, figure }) {
  const busy = await Promise.all(Array.from({ length: 3 }, (_, at) => gateway.submit({ name: `all-day-${at}`, steps: 100_000, pause: at ? 600 : 0.2 })));
  await until("no slot is free", async () => (await gateway.get("/jobs?filter=state:running&limit=3")).items.length === 3);
  const page = await open(browser, gateway);
  await page.clock.install();
  await page.at("/jobs");
  await rows(page);
  await page.waitForSelector(".live:has-text('Live')");
  await sleep(3000);
  const ids = (await gateway.get("/jobs?limit=100")).items.map(({ id }) => id);
  const start = await held(page, heap);
  const seen = [];
  for (let round = 0; round < STEPS; round++) {
    await changeSome(gateway, ids, round);
    const last = await turnOver(gateway, round);
    await page.clock.runFor(5 * 60_000);
    await caughtUp(page, last);
    if (round % 6 === 5) seen.push(await held(page, heap));
  }
  const end = seen[seen.length - 1];
  figure(`8 h on the list, ${STEPS * CHANGES} changes, ${STEPS * COMING} jobs come and go: heap`, end.mb, (1.3 * start.mb).toFixed(1), `MB, ${start.mb.toFixed(1)} at the start`);
  console.log(`     each half hour, MB: ${seen.map(({ mb }) => mb.toFixed(1)).join(" ")}; nodes ${start.nodes} to ${end.nodes}, listeners ${start.listeners} to ${end.listeners}`);
  await page.context().close();
  for (const { id } of busy) await gateway.post(`/jobs/${id}/cancel`);
}
