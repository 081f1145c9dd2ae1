"use strict";
const $ = (id) => document.getElementById(id), all = (selector) => [...document.querySelectorAll(selector)];
const MIN_ZOOM = 3;  // or the pictures' own pixels, if they are more
const REST = 150;  // milliseconds in which a second press of an answer is a slip
const TEMPORARY = [408, 429];  // refusals after which a request is sent again
const area = $("pictures"), answers = all("[data-answer]"), keyed = all("[data-keys]"), shots = all(".shot");
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
let token = null, question, since = 0, isOpen = false;

function remember(value) {
  token = value;
  try { value ? localStorage.setItem("rater", value) : localStorage.removeItem("rater"); } catch { /* forbidden: a reload starts anew */ }
}

function turnTo(screen) {
  for (const main of all("main")) main.hidden = main.id !== screen;
}

/* Send a request, again and again while there is no connection; the server counts a vote that arrives twice once. */
async function ask(path, body) {
  const headers = { "Content-Type": "application/json", ...(token && { "X-Rater": token }) };
  for (let wait = 500; ; wait = Math.min(2 * wait, 8000)) {
    try {
      const response = await fetch(path, { headers, ...(body && { method: "POST", body: JSON.stringify(body) }) });
      const { ok, status } = response;
      if (status < 500 && !TEMPORARY.includes(status)) {
        const error = "The server refused this (" + status + "). Tell whoever sent you here.";
        const answer = await (ok ? response.json() : response.json().catch(() => ({ error })));
        $("trouble").hidden = true;
        return { status, ...answer };
      }
    } catch { /* no connection */ }
    $("trouble").hidden = false;
    await pause(wait);
  }
}

function proceed(state) {
  if (state.token) remember(state.token);
  if (state.status < 300) return show(state);
  $("reason").textContent = state.error;
  if (state.status !== 401) return turnTo("failed");
  remember(null);  // the server does not know this rater
  turnTo("welcome");
}

async function show(state) {
  question = state;
  if (state.done >= state.of) return turnTo("finished");
  turnTo("asking");
  $("count").textContent = (state.done + 1) + " of " + state.of;
  $("progress").max = state.of;
  $("progress").value = state.done;
  area.className = "waiting";
  area.style.cssText = "--ratio: " + state.width / state.height;
  for (const button of all("[data-toggle]")) button.setAttribute("aria-pressed", "false");
  for (const element of all(".chosen")) element.classList.remove("chosen");
  for (const image of all(".dark")) image.src = state.input;
  try {
    await Promise.all(shots.map((image, side) => { image.src = state.pictures[side]; return image.decode(); }));
  } catch {
    if (question !== state) return;
    $("trouble").hidden = false;
    await pause(2000);
    return question === state && proceed(await ask("question"));
  }
  area.classList.remove("waiting");
  $("trouble").hidden = true;
  since = performance.now();
  await pause(REST);
  for (const button of answers) button.disabled = false;
  isOpen = true;
  for (const url of state.ahead) new Image().src = url;
}

async function vote(button) {
  if (!isOpen) return;
  isOpen = false;
  const answer = button.dataset.answer, seconds = (performance.now() - since) / 1000;
  for (const other of answers) other.disabled = true;
  for (const element of [button, area.children[{ left: 0, right: 1 }[answer]]]) element?.classList.add("chosen");
  area.focus({ preventScroll: true });
  const [state] = await Promise.all([ask("votes", { question: question.number, answer, seconds }), pause(REST)]);
  if (state.status !== 409) return proceed(state);
  const current = await ask("question");  // another tab was ahead
  proceed(current.status === 200 && current.done === question.done ? state : current);
}

function toggle(button) {
  button.setAttribute("aria-pressed", area.classList.toggle(button.dataset.toggle));
  area.style.setProperty("--zoom", Math.max(MIN_ZOOM, question.width / (shots[0].clientWidth * devicePixelRatio)));
}

/* Zoom all pictures into the same point. */
function aim(stage, event) {
  const box = stage.getBoundingClientRect();
  const percent = (share) => Math.min(100, Math.max(0, 100 * share)) + "%";
  area.style.setProperty("--x", percent((event.clientX - box.left) / box.width));
  area.style.setProperty("--y", percent((event.clientY - box.top) / box.height));
}

const press = (button) => button.dataset.toggle ? toggle(button) : vote(button);
document.addEventListener("keydown", (event) => {
  if ($("asking").hidden || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  const key = event.key === " " ? "Space" : event.key;
  const button = keyed.find((one) => one.dataset.keys.split(" ").includes(key));
  if (!button || (key === "Space" && event.target.closest("button"))) return;  // space presses a button that has focus
  event.preventDefault();
  press(button);
});
for (const button of keyed) button.addEventListener("click", (event) => {
  press(button);
  if (event.detail) area.focus({ preventScroll: true });  // after a pointer, so that keys vote again
});
for (const stage of area.children) {
  stage.addEventListener("click", (event) => { aim(stage, event); toggle($("zoom")); });
  stage.addEventListener("pointermove", (event) => area.classList.contains("zoomed") && aim(stage, event));
}
$("start").addEventListener("click", async () => {
  $("start").disabled = true;
  proceed(await ask("raters", {}));
  $("start").disabled = false;
});
$("again").addEventListener("click", () => { remember(null); turnTo("welcome"); });
$("reload").addEventListener("click", () => location.reload());
try { token = localStorage.getItem("rater"); } catch { /* forbidden */ }
token ? ask("question").then(proceed) : turnTo("welcome");
