// Files and links on their way here: progress of an upload, drops and pastes anywhere, magnet links.
// Comfort only: every form works without this file.
"use strict";

const DROPPED_TEXT = "dropped-text";
const STORE = "dropped-files";

// ---- progress, speed and a way to stop; `data-upload` on a form with files ----
function uploaded(form) {
  return [...form.querySelectorAll("input[type=file]")]
    .flatMap((input) => [...input.files])
    .reduce((sum, file) => sum + file.size, 0);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.matches("form[data-upload]") || !uploaded(form)) return;
  event.preventDefault();
  const panel = document.createElement("div");
  panel.className = "upload";
  panel.innerHTML = '<progress max="1" value="0" aria-label="Upload"></progress>'
    + '<span data-upload-text></span><button type="button" class="button button--small">Cancel upload</button>';
  form.querySelector(".upload")?.remove();
  form.append(panel);
  send(form, new FormData(form, event.submitter), panel);
});

function send(form, data, panel) {
  const request = new XMLHttpRequest();
  const began = performance.now();
  const bar = panel.querySelector("progress");
  const text = panel.querySelector("[data-upload-text]");
  const stop = panel.querySelector("button");
  const failed = (sentence) => {
    text.textContent = sentence;
    bar.remove();
    stop.remove();
    release(form);
  };
  request.upload.addEventListener("progress", (event) => {
    if (!event.lengthComputable) return;
    const rate = event.loaded / Math.max(0.001, (performance.now() - began) / 1000);
    const left = Math.ceil((event.total - event.loaded) / rate);
    bar.value = event.loaded / event.total;
    text.textContent = event.loaded < event.total
      ? `${tidySize(event.loaded)} of ${tidySize(event.total)}, ${tidySize(rate)}/s, ${left} s left`
      : "Uploaded. The site reads it …";
  });
  request.addEventListener("load", () => {
    const place = request.getResponseHeader("X-Location");
    const elsewhere = new URL(request.responseURL).pathname !== new URL(form.action).pathname;
    if (place || elsewhere) location.assign(place || request.responseURL);
    else if (!show(request.responseText)) failed("The upload was refused before it reached the site.");
  });
  request.addEventListener("error", () => failed(
    "The connection broke off during the upload, and nothing was kept. Try again."));
  request.addEventListener("abort", () => failed("The upload was cancelled. Nothing was kept."));
  stop.addEventListener("click", () => request.abort());
  request.open("POST", form.action);
  request.setRequestHeader("X-Upload", "1");
  request.send(data);
}

function release(form) {
  form.querySelectorAll("button[data-idle]").forEach((button) => {
    button.textContent = button.dataset.idle;
    button.removeAttribute("aria-disabled");
  });
}

// The answer is the same page with what is wrong on it.
function show(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  if (!page.querySelector("main")) return false;
  const main = document.importNode(page.querySelector("main"), true);
  document.querySelector("main").replaceWith(main);
  document.title = page.title;
  htmx.process(main);
  enhance(main);
  scrollTo(0, 0);
  main.focus();
  return true;
}

// ---- dropped or pasted on any page: what it is says which form it belongs to ----
function targets() {
  return [...document.querySelectorAll("#drop-targets [data-takes]")].map((item) => ({
    takes: item.dataset.takes.split(" "), address: item.dataset.new,
  }));
}

function formFor(files, text) {
  const names = files.length ? files.map((file) => file.name.toLowerCase()) : [text.trim().toLowerCase()];
  const fits = (taken, name) => (files.length ? name.endsWith(taken) : name.startsWith(taken));
  return targets().find(({ takes }) => names.every((name) => takes.some((taken) => fits(taken, name))));
}

function database() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(STORE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}

async function stored(act) {
  const transaction = (await database()).transaction(STORE, "readwrite");
  const request = act(transaction.objectStore(STORE));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = () => reject(transaction.error);
  });
}

async function take(files, text) {
  const zone = document.querySelector("[data-drop] input[type=file]");
  const box = document.querySelector("textarea[data-paste]");
  if (zone && files.length) return give(zone, files);
  if (box && !files.length) return addTo(box, text);
  const form = formFor(files, text);
  if (!form) {
    return connection(files.length ? "Nothing here takes such a file." : "");
  }
  if (files.length) await stored((store) => store.put(files, "files"));
  else sessionStorage.setItem(DROPPED_TEXT, text);
  location.assign(form.address);
}

function give(input, files) {
  const kept = new DataTransfer();
  files.slice(0, input.multiple ? undefined : 1).forEach((file) => kept.items.add(file));
  input.files = kept.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function addTo(box, text) {
  box.value = box.value.trim() ? `${box.value.trimEnd()}\n${text}` : text;
  box.focus();
}

async function collect() {
  const zone = document.querySelector("[data-drop] input[type=file]");
  const box = document.querySelector("textarea[data-paste]");
  const text = box && sessionStorage.getItem(DROPPED_TEXT);
  if (text) {
    sessionStorage.removeItem(DROPPED_TEXT);
    addTo(box, text);
  }
  if (!zone) return;
  const files = await stored((store) => store.get("files"));
  if (!files) return;
  await stored((store) => store.delete("files"));
  give(zone, files);
}

for (const type of ["dragover", "drop"]) {
  document.addEventListener(type, (event) => {
    const carried = event.dataTransfer;
    const isOurs = carried.types.includes("Files") || carried.types.includes("text/uri-list");
    if (!isOurs || event.defaultPrevented || event.target.closest?.("input, textarea")) return;
    event.preventDefault();
    if (type === "drop") take([...carried.files], carried.getData("text/uri-list") || carried.getData("text/plain"));
  });
}

document.addEventListener("paste", (event) => {
  if (event.target.closest?.("input, textarea, [contenteditable]")) return;
  const files = [...event.clipboardData.files];
  const text = event.clipboardData.getData("text/plain");
  if (!files.length && !formFor(files, text)) return;
  event.preventDefault();
  take(files, text);
});

// ---- magnet links that are clicked anywhere open here: needs https or this very machine ----
document.querySelectorAll("[data-handler]").forEach((button) => {
  button.hidden = !navigator.registerProtocolHandler;
  button.addEventListener("click", () => {
    navigator.registerProtocolHandler(button.dataset.handler, new URL(button.dataset.address, location) + "?links=%s");
  });
});

if (!document.querySelector(".field--wrong, [role=alert]")) collect();
