/** Starts the page, and what makes it work offline. */
import { App } from "./app/app";

const app = new App();

window.addEventListener("keydown", (event) => {
  const key = event.key.toLowerCase();
  if (!(event.ctrlKey || event.metaKey) || (key !== "z" && key !== "y")) return;
  event.preventDefault();
  if (event.shiftKey || key === "y") app.redo();
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
