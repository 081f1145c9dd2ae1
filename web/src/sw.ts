/** The service worker: after the first visit the page runs without a network. */

const FILES = "__FILES__" as unknown as string[]; // filled in by the build
const LATER = "__LATER__" as unknown as string[]; // kept once they have been used
const CACHE = "pielight-__VERSION__";
const worker = self as unknown as ServiceWorkerGlobalScope;

worker.addEventListener("install", (event) => {
  // A newer version waits until no page of the older one is open: that may still load files of its own.
  // Past the browser's own cache, which may hold an older index.html that names files which are gone.
  const fresh = FILES.map((file) => new Request(file, { cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(fresh)));
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => names.filter((name) => name.startsWith("pielight-") && name !== CACHE))
      .then((old) => Promise.all(old.map((name) => caches.delete(name))))
      .then(() => worker.clients.claim()),
  );
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  const scope = new URL(worker.registration.scope);
  if (request.method !== "GET" || url.origin !== scope.origin || !url.pathname.startsWith(scope.pathname)) return;
  const path = url.pathname.slice(scope.pathname.length);
  const file = path === "" ? "index.html" : path;
  const isLater = LATER.includes(file);
  if (!isLater && !FILES.includes(file)) return; // such as the interface of a server that shares the origin
  event.respondWith(answer(request, new URL(file, scope).href, isLater, event));
});

async function answer(request: Request, address: string, isKept: boolean, event: FetchEvent): Promise<Response> {
  const cache = await caches.open(CACHE);
  const found = await cache.match(address, { ignoreSearch: true });
  if (found) return found;
  const response = await fetch(request);
  // Where there is no room for it, it is loaded again each time.
  if (isKept && response.ok) event.waitUntil(cache.put(address, response.clone()).catch(() => undefined));
  return response;
}
