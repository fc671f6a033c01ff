// make test-page: the files given, two side by side, as one of them mostly waits: for a job, a poll, a page. Prints TAP.
import { run } from "node:test";
import { tap } from "node:test/reporters";

const stream = run({ files: process.argv.slice(2), concurrency: 2 });
stream.on("test:fail", () => { process.exitCode = 1; });
stream.compose(tap).pipe(process.stdout);
