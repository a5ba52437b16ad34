// The page of a table: what is said twice on it is changed in both places.
"use strict";

const target = document.getElementById("id_target");
const roles = [...document.querySelectorAll("[data-role-of]")];

function followTarget() {
  for (const role of roles) {
    const isTarget = role.dataset.roleOf === target.value;
    if (isTarget && role.value !== "target") {
      role.dataset.before = role.value;
      role.value = "target";
    } else if (!isTarget && role.value === "target") {
      role.value = role.dataset.before || "feature";
    }
  }
}

function followRole(role) {
  if (role.value === "target") {
    target.value = role.dataset.roleOf;
    followTarget();
    target.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

// ---- "All 9 algorithms (change)" ----
function countChosen(place) {
  const boxes = [...document.getElementsByName(place.dataset.counts)];
  const chosen = boxes.filter((box) => box.checked).length;
  place.textContent = (chosen === boxes.length ? `All ${chosen} ` : `${chosen} of ${boxes.length} `) + place.dataset.many;
}

// ---- a preset and an own time exclude each other ----
const own = document.getElementById("id_time_limit");
const presets = [...document.getElementsByName("preset")];

own.addEventListener("input", () => {
  presets.find((preset) => preset.value === "own").checked = own.value !== "";
});
for (const preset of presets) {
  preset.addEventListener("change", () => {
    if (preset.value === "own") own.focus();
    else own.value = "";
  });
}

target.addEventListener("change", followTarget);
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-role-of]")) followRole(event.target);
  document.querySelectorAll("[data-counts]").forEach(countChosen);
});
