// make test-page: the files given, two side by side, as one of them mostly waits: for a job, a poll, a page. Prints TAP.
// ONLY='name of a test': no other.
import { run } from "node:test";
import { tap } from "node:test/reporters";

const only = process.env.ONLY?.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
const stream = run({ files: process.argv.slice(2), concurrency: 2, testNamePatterns: only && [`/^${only}$/`] });
stream.on("test:fail", () => { process.exitCode = 1; });
stream.compose(tap).pipe(process.stdout);
