/** Starts the page, and what makes it work offline. */
import { App } from "./app/app";

const app = new App();

window.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
  event.preventDefault();
  if (event.shiftKey) app.redo();
  else app.undo();
});

if (import.meta.env.PROD && "serviceWorker" in navigator) {
  void navigator.serviceWorker.register("./sw.js").catch(() => undefined); // such as from a file: the page works, too
}

declare global {
  interface Window {
    pielight: App; // for tests and the console
  }
}
window.pielight = app;
