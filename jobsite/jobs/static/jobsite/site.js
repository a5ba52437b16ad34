// Comfort only: every page works without this file.
"use strict";

// ---- colours: the cookie is read by the server, so no page flashes ----
const THEMES = ["auto", "light", "dark"];
const THEME_NAMES = { auto: "as the system", light: "light", dark: "dark" };
const THEME_ICONS = { auto: "auto", light: "sun", dark: "moon" };

function currentTheme() {
  return document.documentElement.dataset.theme || "auto";
}

function showTheme(button) {
  const theme = currentTheme();
  const use = button.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*$/, "#" + THEME_ICONS[theme]));
  const text = "Colours: " + THEME_NAMES[theme];
  button.querySelector("[data-theme-label]").textContent = text;
  button.title = text;
  button.hidden = false;
}

function turnTheme(button) {
  const theme = THEMES[(THEMES.indexOf(currentTheme()) + 1) % THEMES.length];
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  const age = theme === "auto" ? 0 : 31536000;
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `theme=${theme}; path=/; max-age=${age}; samesite=lax${secure}`;
  showTheme(button);
}

// ---- copying: the clipboard API needs a secure context, a plain http address has none ----
async function copy(button) {
  const label = button.querySelector("[data-copy-label]");
  const before = label.dataset.before || (label.dataset.before = label.textContent);
  label.textContent = (await copied(button.dataset.copy)) ? "Copied" : "Select and copy it by hand";
  setTimeout(() => { label.textContent = before; }, 2000);
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

// ---- dropping files on a file field ----
function tidySize(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (bytes >= 999.5 && unit < units.length - 1) { bytes /= 1000; unit += 1; }
  return `${bytes.toFixed(unit && bytes < 99.95 ? 1 : 0)} ${units[unit]}`;
}

function watchDrop(zone) {
  const input = zone.querySelector("input[type=file]");
  const text = zone.querySelector("[data-drop-text]");
  if (!input || !text || zone.dataset.drop === "on") return;
  zone.dataset.drop = "on";
  const line = text.firstChild;
  const empty = `Drop ${input.multiple ? "files" : "a file"} here, or choose`;
  const show = () => {
    const files = [...input.files];
    const total = files.reduce((sum, file) => sum + file.size, 0);
    const name = files.length === 1 ? files[0].name : `${files.length} files`;
    line.textContent = files.length ? `${name}, ${tidySize(total)}` : empty;
    zone.classList.toggle("drop--full", files.length > 0);
  };
  for (const type of ["dragenter", "dragover"]) {
    zone.addEventListener(type, (event) => { event.preventDefault(); zone.classList.add("drop--over"); });
  }
  for (const type of ["dragleave", "drop"]) {
    zone.addEventListener(type, () => zone.classList.remove("drop--over"));
  }
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    const kept = new DataTransfer();
    [...event.dataTransfer.files].slice(0, input.multiple ? undefined : 1).forEach((file) => kept.items.add(file));
    if (kept.files.length) input.files = kept.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  input.addEventListener("change", show);
  show();
}

// ---- select all: <input type="checkbox" data-select-all="ids"> for boxes named ids ----
function boxesOf(master) {
  const scope = master.closest("form, table") || document;
  return [...scope.querySelectorAll(`input[type=checkbox][name="${master.dataset.selectAll}"]`)];
}

function showSelection(root) {
  root.querySelectorAll("[data-select-all]").forEach((master) => {
    const boxes = boxesOf(master);
    const chosen = boxes.filter((box) => box.checked).length;
    master.hidden = false;
    master.checked = chosen > 0 && chosen === boxes.length;
    master.indeterminate = chosen > 0 && chosen < boxes.length;
    const scope = master.closest("form") || document;
    scope.querySelectorAll("[data-selected-count]").forEach((place) => {
      place.textContent = chosen ? `${chosen} selected` : "";
    });
  });
}

// ---- stopwatches between polls, from the server's seconds, so a wrong browser clock does no harm ----
const seen = new WeakMap();

function tick() {
  document.querySelectorAll("time[data-elapsed-since]").forEach((place) => {
    if (!seen.has(place)) seen.set(place, performance.now() - 1000 * Number(place.dataset.seconds));
    const total = Math.floor((performance.now() - seen.get(place)) / 1000);
    const two = (number) => String(number).padStart(2, "0");
    const hours = Math.floor(total / 3600);
    const minutes = Math.floor((total % 3600) / 60);
    place.textContent = (hours ? `${hours}:${two(minutes)}` : `${minutes}`) + `:${two(total % 60)}`;
  });
}

// ---- what a swap must not lose: open details, ticked boxes, where a log was read ----
function atEnd(log) {
  return log.scrollHeight - log.scrollTop - log.clientHeight < 8;
}

function remember(root) {
  return {
    details: new Map([...root.querySelectorAll("details[id]")].map((item) => [item.id, item.open])),
    boxes: new Map([...root.querySelectorAll("input[type=checkbox][name]")].map((box) => [box.name + "=" + box.value, box.checked])),
    scrolls: new Map([...root.querySelectorAll("[data-log][id], .table-wrap[id]")].map((item) => [
      item.id, { top: item.scrollTop, left: item.scrollLeft, end: item.matches("[data-log]") && atEnd(item) },
    ])),
  };
}

function restore(root, kept) {
  root.querySelectorAll("details[id]").forEach((item) => {
    if (kept.details.has(item.id)) item.open = kept.details.get(item.id);
  });
  root.querySelectorAll("input[type=checkbox][name]").forEach((box) => {
    const before = kept.boxes.get(box.name + "=" + box.value);
    if (before !== undefined) box.checked = before;
  });
  root.querySelectorAll("[data-log][id], .table-wrap[id]").forEach((item) => {
    const before = kept.scrolls.get(item.id);
    if (!before) return;
    item.scrollLeft = before.left;
    item.scrollTop = before.end ? item.scrollHeight : before.top;
  });
}

const kept = new Map();

document.addEventListener("htmx:beforeSwap", (event) => {
  const target = event.detail.target;
  if (event.detail.shouldSwap && target?.id) kept.set(target.id, remember(target));
});

document.addEventListener("htmx:afterSettle", (event) => {
  const id = event.detail.target?.id;
  const root = id && document.getElementById(id);
  if (!root) return;
  if (kept.has(id)) restore(root, kept.get(id));
  kept.delete(id);
  enhance(root);
});

// ---- the server is away, or the job is gone ----
function connection(text) {
  const place = document.getElementById("connection");
  place.textContent = text;
  place.hidden = !text;
}

for (const type of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(type, () => connection("Connection lost, retrying …"));
}
document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  if (status === 404 || status === 403 || status === 410) {
    connection("This is no longer here. It may have been deleted.");
    const polled = event.detail.elt;
    polled.replaceWith(polled.cloneNode(true)); // htmx does not know the copy: polling ends
  } else {
    connection("The server has trouble answering, retrying …");
  }
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) connection("");
});
// a page that nobody looks at asks nothing
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.detail.elt.matches("[hx-trigger^=every]")) event.preventDefault();
});

// ---- long uploads: <button data-busy="Uploading …"> says so and is not pressed twice ----
document.addEventListener("submit", (event) => {
  const button = event.target.querySelector("button[data-busy]");
  if (!button) return;
  if (button.getAttribute("aria-disabled")) return event.preventDefault();
  button.dataset.idle = button.textContent;
  button.textContent = button.dataset.busy;
  button.setAttribute("aria-disabled", "true");
});
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return; // only a page that comes back from the browser's memory
  document.querySelectorAll("button[data-idle]").forEach((button) => {
    button.textContent = button.dataset.idle;
    button.removeAttribute("aria-disabled");
  });
});

// ---- wiring ----
function enhance(root) {
  root.querySelectorAll("[data-copy]").forEach((button) => { button.hidden = false; });
  root.querySelectorAll("[data-drop]").forEach(watchDrop);
  showSelection(document);
  tick();
}

document.addEventListener("click", (event) => {
  const theme = event.target.closest("[data-theme-toggle]");
  if (theme) turnTheme(theme);
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
});

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

document.addEventListener("change", (event) => {
  const master = event.target.closest("[data-select-all]");
  if (master) boxesOf(master).forEach((box) => { box.checked = master.checked; });
  if (event.target.matches("input[type=checkbox]")) showSelection(document);
});

document.querySelectorAll("[data-theme-toggle]").forEach(showTheme);
document.querySelectorAll("[data-log]").forEach((log) => { log.scrollTop = log.scrollHeight; });
enhance(document);
setInterval(tick, 1000);
