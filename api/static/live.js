// Keeps a page of the console up to date. A list in which nobody is choosing is shown anew; otherwise a notice says that there is news. Works without it: reload.
"use strict";
(() => {
  const notice = document.querySelector("#news");
  if (!notice || !("fetch" in window)) return;
  const ASKS_EVERY = 30_000;
  const NOTHING_CAME = 10_000;
  const AGES = 60_000;
  const place = notice.dataset.from;
  let mark = notice.dataset.mark;
  let source = null;
  let timers = [];

  const isList = () => Boolean(document.querySelector("#fresh"));
  const isChoosing = () => Boolean(document.querySelector("#fresh .queue :checked, #fresh details[open]"));

  async function showAnew() {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const fresh = answer.ok && !answer.redirected && new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!fresh || !fresh.querySelector("#fresh") || isChoosing()) return false;
    const focused = document.activeElement?.getAttribute("href");
    for (const id of ["queues", "fresh"]) document.getElementById(id).replaceWith(document.adoptNode(fresh.getElementById(id)));
    if (focused) document.querySelector(`#fresh a[href="${CSS.escape(focused)}"]`)?.focus();
    mark = fresh.querySelector("#news").dataset.mark;
    return true;
  }

  async function heard(now) {
    if (!now || now === mark) return;
    mark = now;
    if (!isList() || isChoosing() || !(await showAnew().catch(() => false))) notice.hidden = false;
  }

  async function ask() {
    const answer = await fetch(place, { headers: { Accept: "application/json" } });
    if (answer.ok && !answer.redirected) await heard((await answer.json()).mark);
  }

  const now_and_then = (does, pause) => timers.push(setInterval(() => does().catch(() => {}), pause));

  function askNowAndThen() {
    if (!source) return;
    source.close();
    source = null;
    now_and_then(ask, ASKS_EVERY);
  }

  function begin() {
    // Countdowns grow old by themselves.
    if (isList()) now_and_then(async () => isChoosing() || showAnew(), AGES);
    if (!("EventSource" in window)) {
      now_and_then(ask, ASKS_EVERY);
      return;
    }
    source = new EventSource(place);
    const patience = setTimeout(askNowAndThen, NOTHING_CAME);
    timers.push(patience);
    source.onmessage = (event) => {
      clearTimeout(patience);
      heard(event.data);
    };
    source.onerror = () => source?.readyState === EventSource.CLOSED && askNowAndThen();
  }

  function end() {
    source?.close();
    source = null;
    timers.forEach(clearInterval);
    timers = [];
  }

  // Browsers open only a few lines to one house: pages that nobody looks at hold none.
  document.addEventListener("visibilitychange", () => {
    end();
    if (document.visibilityState === "visible") begin();
  });
  addEventListener("pagehide", end);
  addEventListener("pageshow", (event) => event.persisted && begin());
  begin();
})();
