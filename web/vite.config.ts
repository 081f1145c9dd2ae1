import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { defineConfig, type Plugin } from "vite";

const OUT = resolve(import.meta.dirname, "../src/pielight/serve/static");
const MODELS = resolve(import.meta.dirname, "../src/pielight/models");
const LATER = /\/(?:ort-wasm-simd-threaded\.)?(?:ort\.)?jspi[.-]/; // the runtime for WebGPU: not for a first visit
const MODEL = process.env["PIELIGHT_PAGE_MODEL"] ?? "pie"; // or `free`, for use of any kind

/** The model that the page brightens with, as `virtual:model`. */
function model(): Plugin {
  const id = "virtual:model";
  return {
    name: "pielight-model",
    enforce: "pre",
    resolveId: (source) => (source === id ? `${join(MODELS, MODEL)}.onnx?url` : undefined),
  };
}

/** Writes into the service worker which files there are, and a version that changes with any of them. */
function precache(): Plugin {
  return {
    name: "pielight-precache",
    apply: "build",
    closeBundle() {
      const files = walk(OUT).filter((file) => file !== "sw.js");
      const later = files.filter((file) => LATER.test(file));
      if (later.length !== 3) throw new Error(`the runtime for WebGPU: ${later.join(", ") || "none of its files"}`);
      const hash = createHash("sha256");
      for (const file of files) hash.update(file).update(readFileSync(join(OUT, file)));
      const worker = join(OUT, "sw.js");
      const text = readFileSync(worker, "utf8");
      const filled = text
        .replace(/["'`]__FILES__["'`]/, JSON.stringify(files.filter((file) => !LATER.test(file))))
        .replace(/["'`]__LATER__["'`]/, JSON.stringify(later))
        .replace(/__VERSION__/, hash.digest("hex").slice(0, 16));
      if (/__(FILES|LATER|VERSION)__/.test(filled)) throw new Error("sw.js: nowhere to write the list of files");
      writeFileSync(worker, filled);
    },
  };
}

function walk(folder: string, prefix = ""): string[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? walk(path, `${prefix}${name}/`) : [`${prefix}${name}`];
    });
}

export default defineConfig({
  base: "./", // works under any path
  define: { IS_FOR_RESEARCH: JSON.stringify(MODEL === "pie") },
  plugins: [model(), precache()],
  worker: { format: "es", plugins: () => [model()] },
  resolve: { conditions: ["onnxruntime-web-use-extern-wasm", "module", "browser", "development|production"] },
  assetsInclude: ["**/*.onnx"],
  server: { fs: { allow: [".."] } },
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // the content policy allows no data: scripts
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: resolve(import.meta.dirname, "index.html"), sw: resolve(import.meta.dirname, "src/sw.ts") },
      output: { entryFileNames: ({ name }) => (name === "sw" ? "sw.js" : "assets/[name]-[hash].js") },
    },
  },
});
