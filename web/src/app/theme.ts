/** Dark and light, as the system has it or as it was chosen. */
import { TEXTS } from "../texts";
import { h, newId } from "./dom";

const BARS = { light: "#f4f5f7", dark: "#14171c" }; // the browser's own, as in index.html
const KEY = "pielight-theme";
type Theme = keyof typeof TEXTS.themes;

export function themeMenu(): HTMLElement {
  const id = newId();
  const select = h(
    "select",
    { id, onchange: () => choose(select.value as Theme) },
    ...Object.entries(TEXTS.themes).map(([value, text]) => h("option", { value }, text)),
  );
  select.value = stored();
  apply(stored());
  return h("div", { class: "theme" }, h("label", { for: id }, TEXTS.theme), select);
}

function choose(theme: Theme): void {
  apply(theme);
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // storage may be forbidden: the choice then lasts until the page is closed
  }
}

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : "auto";
  } catch {
    return "auto";
  }
}

function apply(theme: Theme): void {
  if (theme === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
  for (const meta of document.querySelectorAll<HTMLMetaElement>("meta[name=theme-color]")) {
    meta.content = BARS[theme === "auto" ? (meta.media.includes("light") ? "light" : "dark") : theme];
  }
}
