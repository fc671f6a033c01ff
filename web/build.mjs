// Builds the page: node build.mjs OUT_DIR. Split, hashed, minified; .gz and .br beside each file that gains by it.
// index.html keeps the mark {{base}} for the gateway, which knows under which path it stands.
import { build } from "esbuild";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, "../build/web"));

const common = {
  bundle: true, minify: true, outdir: join(out, "assets"), target: ["es2022", "firefox115", "safari16.4", "chrome111"],
  entryNames: "[name]-[hash]", chunkNames: "[name]-[hash]", assetNames: "[name]-[hash]", loader: { ".woff2": "file" }, write: false, metafile: true,
  legalComments: "none", logLevel: "warning", absWorkingDir: here,
};

async function bundle() {
  const page = await build({ ...common, entryPoints: ["src/main.tsx", "src/styles/page.css"], format: "esm", splitting: true,
    jsx: "automatic", jsxImportSource: "preact", define: { "process.env.NODE_ENV": '"production"' } });
  const theme = await build({ ...common, entryPoints: ["src/theme.ts"], format: "iife" });
  return [page, theme];
}

function entries(results) {
  const files = new Map();
  let chunks = [];
  for (const { metafile } of results)
    for (const [path, info] of Object.entries(metafile.outputs)) {
      if (!info.entryPoint) continue;
      const name = (p) => relative(out, resolve(here, p));
      files.set(info.entryPoint, name(path));
      if (info.entryPoint === "src/main.tsx")
        chunks = info.imports.filter((i) => i.kind === "import-statement").map((i) => name(i.path));
    }
  return { files, chunks };
}

function page({ files, chunks }) {
  const at = (file) => `{{base}}/${file}`;
  const preload = chunks.map((file) => `<link rel="modulepreload" href="${at(file)}">`).join("");
  return readFileSync(join(here, "src/index.html"), "utf8")
    .replace("<!--head-->", `<script src="${at(files.get("src/theme.ts"))}"></script>` +
      `<link rel="stylesheet" href="${at(files.get("src/styles/page.css"))}">${preload}` +
      `<script type="module" src="${at(files.get("src/main.tsx"))}"></script>`);
}

function put(path, bytes) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

// The brotli quality of a release; 11 of 11, as it is done once.
function putCompressed(path, bytes) {
  put(path, bytes);
  if (bytes.length < 400 || path.endsWith(".woff2")) return; // a font is compressed already
  put(path + ".gz", gzipSync(bytes, { level: 9 }));
  put(path + ".br", brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }));
}

const results = await bundle();
rmSync(out, { recursive: true, force: true });
for (const { outputFiles } of results)
  for (const file of outputFiles) putCompressed(file.path, Buffer.from(file.contents));
put(join(out, "index.html"), Buffer.from(page(entries(results))));
