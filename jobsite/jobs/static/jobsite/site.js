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
    const all = scope.querySelector("input[type=checkbox][name=all]");
    scope.querySelectorAll("[data-needs-selection]").forEach((button) => {
      button.disabled = !chosen && !(all && all.checked);
    });
  });
}

// ---- stopwatches between polls, from the server's seconds, so a wrong browser clock does no harm ----
const seen = new WeakMap();

function secondsOf(place, said) {
  if (seen.get(place)?.said !== said) {
    seen.set(place, { said, start: performance.now() - 1000 * Number(said) });
  }
  return Math.floor((performance.now() - seen.get(place).start) / 1000);
}

function tick() {
  document.querySelectorAll("time[data-elapsed-since]").forEach((place) => {
    const total = secondsOf(place, place.dataset.seconds);
    const two = (number) => String(number).padStart(2, "0");
    const hours = Math.floor(total / 3600);
    const minutes = Math.floor((total % 3600) / 60);
    write(place, (hours ? `${hours}:${two(minutes)}` : `${minutes}`) + `:${two(total % 60)}`);
  });
  document.querySelectorAll("time[data-ago]").forEach((place) => {
    const total = secondsOf(place, place.dataset.ago);
    if (total < 0 || total >= 86400) return; // the server's words for the future and for days hold
    const [size, unit] = total < 60 ? [1, "s"] : total < 3600 ? [60, "min"] : [3600, "h"];
    write(place, total < 10 ? "just now" : `${Math.floor(total / size)} ${unit} ago`);
  });
}

function write(place, text) { // writing the same again would end a selection
  if (place.textContent !== text) place.textContent = text;
}

// ---- live pages: an answer changes only what differs, and never what a person has set ----
Idiomorph.defaults.callbacks.beforeNodeMorphed = (before, after) => {
  if (before.nodeType !== Node.ELEMENT_NODE) return true;
  if (before.matches("[data-keep]") && before.id === after.id) return false; // it looks after itself
  const since = before.dataset.elapsedSince; // a clock that ticks by itself
  return !since || since !== after.dataset.elapsedSince;
};
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, element) => {
  if (name === "open") return !element.matches("details");
  if (name === "checked") return false;
  if (name === "hidden") return !element.matches("[data-copy], [data-select-all], [data-notify]");
  if (name === "value" && element.matches("input:not([type=hidden]), textarea")) {
    return element.value === element.defaultValue; // else somebody has typed there
  }
  return name !== "data-drop";
};

function atEnd(log) {
  return log.scrollHeight - log.scrollTop - log.clientHeight < 8;
}

let logsAtEnd = [];

document.addEventListener("htmx:beforeSwap", (event) => {
  logsAtEnd = [...event.detail.target.querySelectorAll("[data-log]")].filter(atEnd);
});

document.addEventListener("htmx:afterSettle", (event) => {
  const root = document.getElementById(event.detail.target?.id);
  if (!root) return;
  logsAtEnd.forEach((log) => { log.scrollTop = log.scrollHeight; });
  enhance(root);
});

// ---- a job's page tells its state in the tab, and the end to those who do not look ----
function showState() {
  const head = document.querySelector("[data-title]");
  if (!head) return;
  document.title = `${head.dataset.title} · jobsite`;
  document.querySelector("link[rel=icon]").href = head.dataset.favicon;
  const ended = head.dataset.ended || "";
  const place = document.getElementById("announcement");
  if (ended && place.dataset.waiting) {
    place.textContent = ended;
    if (document.hidden && mayNotify()) new Notification(ended);
  }
  place.dataset.waiting = ended ? "" : "1";
}

function mayNotify() {
  return "Notification" in window && Notification.permission === "granted";
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-notify]");
  if (button) Notification.requestPermission().then(() => { button.hidden = true; });
});

// ---- polls: one at a time, less often while nothing changes, while nobody looks, or in trouble ----
const MOST_SKIPPED = 4; // polls while nothing changes
const MOST_WAIT = 30000; // ms between tries while the server is away
const BYTES_PER_SECOND = 1500; // that a page is sent on average, headers included
const polls = new Map(); // id of a fragment -> what is known of its polls

function pollOf(element) {
  const every = element.getAttribute?.("hx-trigger")?.match(/every (\d+)s/);
  if (!every || !element.id) return null;
  if (!polls.has(element.id)) polls.set(element.id, { tag: "", same: 0, failed: 0, next: 0, open: false });
  return Object.assign(polls.get(element.id), { every: 1000 * every[1] });
}

document.addEventListener("htmx:configRequest", (event) => {
  const poll = pollOf(event.detail.elt);
  if (poll?.tag) event.detail.headers["X-Fragment"] = poll.tag;
});

document.addEventListener("htmx:beforeRequest", (event) => {
  const poll = pollOf(event.detail.elt);
  if (!poll) return;
  const early = performance.now() < poll.next;
  // Of pages that nobody looks at, only those that are to tell the end ask, and rarely.
  const unseen = document.hidden && !(mayNotify() && document.querySelector("[data-title]"));
  if (unseen || poll.open || early) return event.preventDefault();
  poll.open = true;
});

document.addEventListener("htmx:afterRequest", (event) => {
  const poll = pollOf(event.detail.elt);
  if (event.detail.successful) connection("");
  if (!poll) return;
  const xhr = event.detail.xhr;
  poll.open = false;
  poll.failed = event.detail.successful ? 0 : poll.failed + 1;
  poll.same = xhr.status === 204 ? Math.min(poll.same + 1, MOST_SKIPPED) : 0;
  if (xhr.status === 200) poll.tag = xhr.getResponseHeader("X-Fragment") || "";
  const trouble = Math.min(poll.every * 2 ** poll.failed, MOST_WAIT);
  const size = xhr.getAllResponseHeaders().length + Number(xhr.getResponseHeader("Content-Length"));
  const usual = Math.max(poll.every * (poll.same + 1), (1000 * size) / BYTES_PER_SECOND);
  const wait = document.hidden ? MOST_WAIT : poll.failed ? trouble : usual;
  poll.next = performance.now() + wait - poll.every / 2;
});

document.addEventListener("visibilitychange", () => {
  polls.forEach((poll) => { poll.next = 0; }); // who comes back sees the present
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

// ---- a session that ends while somebody writes: what was typed is there after signing in ----
const DRAFT = "draft:", RETURN = "return-to";

function fieldsOf(form) {
  return [...form.elements].filter((field) => field.name && field.matches("textarea, select, input")
    && !["hidden", "password", "file", "submit", "search"].includes(field.type));
}

function keepDrafts() {
  const forms = [...document.querySelectorAll("main form[method=post]")];
  const values = forms.map((form) => fieldsOf(form).map((field) => (
    ["checkbox", "radio"].includes(field.type) ? field.checked : field.value)));
  sessionStorage.setItem(DRAFT + location.pathname, JSON.stringify(values));
}

function restoreDrafts() {
  const next = document.querySelector("form input[name=next]");
  if (document.querySelector("input[type=password]") && next?.value) {
    return sessionStorage.setItem(RETURN, next.value.split("?")[0]); // the sign-in page
  }
  const kept = sessionStorage.getItem(DRAFT + location.pathname);
  const isBack = sessionStorage.getItem(RETURN) === location.pathname;
  sessionStorage.removeItem(RETURN);
  sessionStorage.removeItem(DRAFT + location.pathname);
  if (!kept || !isBack) return;
  const values = JSON.parse(kept);
  document.querySelectorAll("main form[method=post]").forEach((form, place) => {
    const fields = fieldsOf(form);
    if (fields.length !== values[place]?.length) return; // the page has changed meanwhile
    fields.forEach((field, number) => {
      const value = values[place][number];
      if (typeof value === "boolean") field.checked = value;
      else field.value = value;
    });
  });
}

window.addEventListener("pagehide", () => {
  if (!document.querySelector("input[type=password]")) keepDrafts();
});

// ---- wiring ----
function enhance(root) {
  root.querySelectorAll("[data-copy]").forEach((button) => { button.hidden = false; });
  root.querySelectorAll("[data-drop]").forEach(watchDrop);
  root.querySelectorAll("[data-notify]").forEach((button) => {
    button.hidden = !("Notification" in window) || Notification.permission !== "default";
  });
  showState();
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
restoreDrafts();
setInterval(tick, 1000);
