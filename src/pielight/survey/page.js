"use strict";
const $ = (id) => document.getElementById(id);
const MIN_ZOOM = 3;  // or the pictures' own pixels, if they are more
const REST = 150;  // milliseconds in which a second press of an answer is a slip
const TEMPORARY = [408, 429];  // refusals after which a request is sent again
const area = $("pictures"), answers = [...$("answers").children];
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
let token = null, question, since = 0, isOpen = false;

function remember(value) {
  token = value;
  try { value ? localStorage.setItem("rater", value) : localStorage.removeItem("rater"); } catch { /* forbidden: a reload starts anew */ }
}

function turnTo(screen) {
  for (const main of document.querySelectorAll("main")) main.hidden = main.id !== screen;
}

function fail(reason) {
  $("reason").textContent = reason;
  turnTo("failed");
}

/* Send a request, again and again while there is no connection; the server counts a vote that arrives twice once. */
async function ask(path, body) {
  const options = { headers: token ? { "X-Rater": token } : {} };
  if (body) {
    options.method = "POST";
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  for (let wait = 500; ; wait = Math.min(2 * wait, 8000)) {
    try {
      const response = await fetch(path, options);
      if (response.status < 500 && !TEMPORARY.includes(response.status)) {
        const refused = () => ({ error: "The server refused this (" + response.status + "). Tell whoever sent you here." });
        const answer = await (response.ok ? response.json() : response.json().catch(refused));
        $("trouble").hidden = true;
        return { status: response.status, ...answer };
      }
    } catch { /* no connection */ }
    $("trouble").hidden = false;
    await pause(wait);
  }
}

function proceed(state) {
  if (state.token) remember(state.token);
  if (state.status < 300) return show(state);
  if (state.status !== 401) return fail(state.error);
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
  $("original").hidden = !state.input;
  for (const id of ["original", "zoom"]) $(id).setAttribute("aria-pressed", "false");
  const make = (tag, properties) => Object.assign(document.createElement(tag), properties);
  const images = state.pictures.map((src, side) => make("img", { src, alt: "Version " + (state.pictures[1] ? "AB"[side] : "") }));
  area.replaceChildren(...images.map((image, side) => {
    const stage = make("div", { className: "stage" });
    stage.append(image);
    if (state.input) stage.append(make("img", { src: state.input, alt: "", className: "dark" }));
    if (images[1]) stage.append(make("span", { className: "tag", textContent: "AB"[side] }));
    return stage;
  }));
  layOut();
  try {
    await Promise.all(images.map((image) => image.decode()));
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

/* Side by side or one above the other, whichever makes the pictures larger. */
function layOut() {
  if (!question?.pictures || $("asking").hidden) return;
  const { width, height, pictures } = question, count = pictures.length;
  const gaps = (count - 1) * parseFloat(getComputedStyle(area).columnGap);
  const beside = Math.min((area.clientWidth - gaps) / count / width, area.clientHeight / height);
  const stacked = Math.min(area.clientWidth / width, (area.clientHeight - gaps) / count / height);
  const scale = Math.max(beside, stacked, 0.01);
  area.classList.toggle("stacked", stacked > beside);
  area.style.setProperty("--width", Math.floor(width * scale) + "px");
  area.style.setProperty("--height", Math.floor(height * scale) + "px");
  area.style.setProperty("--zoom", Math.max(MIN_ZOOM, 1 / (scale * devicePixelRatio)));
}

async function vote(button) {
  if (!isOpen) return;
  isOpen = false;
  const answer = button.dataset.answer, seconds = (performance.now() - since) / 1000;
  for (const other of answers) other.disabled = true;
  const chosen = [button, area.children[{ left: 0, right: 1 }[answer]]];
  for (const element of chosen) element?.classList.add("chosen");
  area.focus({ preventScroll: true });
  const [state] = await Promise.all([ask("votes", { question: question.number, answer, seconds }), pause(REST)]);
  button.classList.remove("chosen");
  if (state.status !== 409) return proceed(state);
  const current = await ask("question");  // another tab was ahead
  proceed(current.status === 200 && current.done === question.done ? state : current);
}

function toggle(id, className) {
  if (!$(id).hidden) $(id).setAttribute("aria-pressed", String(area.classList.toggle(className)));
}

/* Zoom all pictures into the same point. */
function aim(stage, event) {
  const box = stage.getBoundingClientRect();
  const percent = (share) => Math.min(100, Math.max(0, 100 * share)) + "%";
  for (const other of area.children) {
    other.style.setProperty("--x", percent((event.clientX - box.left) / box.width));
    other.style.setProperty("--y", percent((event.clientY - box.top) / box.height));
  }
}

document.addEventListener("keydown", (event) => {
  if ($("asking").hidden || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  const key = event.key === " " ? "Space" : event.key;
  if (key.toLowerCase() === "o") return toggle("original", "original");
  if (key.toLowerCase() === "z") return toggle("zoom", "zoomed");
  const button = answers.find((one) => one.dataset.keys.split(" ").includes(key));
  if (!button || (key === "Space" && event.target.closest("button"))) return;  // space presses a button that has focus
  event.preventDefault();
  vote(button);
});
area.addEventListener("click", (event) => {
  const stage = event.target.closest(".stage");
  if (!stage) return;
  aim(stage, event);
  toggle("zoom", "zoomed");
});
area.addEventListener("pointermove", (event) => {
  const stage = event.target.closest(".stage");
  if (stage && area.classList.contains("zoomed")) aim(stage, event);
});
for (const [id, className] of [["original", "original"], ["zoom", "zoomed"]])
  $(id).addEventListener("click", (event) => {
    toggle(id, className);
    if (event.detail) area.focus({ preventScroll: true });  // after a pointer, so that keys vote again
  });
for (const button of answers) button.addEventListener("click", () => vote(button));
$("start").addEventListener("click", async () => {
  $("start").disabled = true;
  proceed(await ask("raters", {}));
  $("start").disabled = false;
});
$("again").addEventListener("click", () => { remember(null); turnTo("welcome"); });
$("reload").addEventListener("click", () => location.reload());
new ResizeObserver(layOut).observe(area);
try { token = localStorage.getItem("rater"); } catch { /* forbidden */ }
token ? ask("question").then(proceed) : turnTo("welcome");
