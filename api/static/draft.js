// Keeps what somebody types into the report form, in this browser and under their own name, until it is sent, thrown away, a day old, or they sign out.
"use strict";
(() => {
  const { is, of } = document.currentScript.dataset;
  const PREFIX = "holdfast-draft:";
  const mine = PREFIX + of;
  const DAY = 86_400_000;

  function forget(isToGo) {
    for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX) && isToGo(key)) localStorage.removeItem(key);
  }

  // Whoever signed in last is the one who sits here.
  forget((key) => is === "out" || key !== mine || is === "sent");
  const form = document.getElementById("report");
  if (is !== "form" || !form) return;

  const fields = () => [...form.elements].filter((each) => each.name && each.type !== "hidden" && each.type !== "file" && each.type !== "submit");
  const values = () => Object.fromEntries(fields().flatMap((each) => (each.type !== "radio" || each.checked) && each.value ? [[each.name, each.value]] : []));

  function fill(kept) {
    for (const each of fields()) {
      if (!(each.name in kept)) continue;
      if (each.type === "radio") each.checked = each.value === kept[each.name];
      else each.value = kept[each.name];
    }
    openWhatIsFilled();
    form.elements.topic.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function openWhatIsFilled() {
    for (const each of form.querySelectorAll("details")) each.open ||= [...each.querySelectorAll("input, textarea")].some((one) => one.value);
  }

  function read() {
    try {
      const kept = JSON.parse(localStorage.getItem(mine));
      return kept && Date.now() - kept.at < DAY ? kept.typed : null;
    } catch {
      return null;
    }
  }

  let isOver = false;
  function keep() {
    if (isOver) return;
    const typed = values();
    if (Object.keys(typed).length) localStorage.setItem(mine, JSON.stringify({ at: Date.now(), typed }));
    else localStorage.removeItem(mine);
  }

  const kept = read();
  const notice = document.getElementById("kept");
  if (!kept) localStorage.removeItem(mine);
  else if ("new" in form.dataset) {
    // After htmx is there, so that it hears of the topic.
    addEventListener("DOMContentLoaded", () => setTimeout(() => fill(kept)));
    notice.hidden = false;
  }
  document.getElementById("keeps").hidden = false;
  document.getElementById("throw-away").addEventListener("click", () => {
    localStorage.removeItem(mine);
    form.reset();
    notice.hidden = true;
    form.elements.title.focus();
  });
  form.addEventListener("input", keep);
  // Sent, or signed out, in another tab.
  addEventListener("storage", (event) => {
    if (event.key === null || (event.key === mine && event.newValue === null)) isOver = true;
  });
})();
