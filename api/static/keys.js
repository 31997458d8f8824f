// Single keys for the console. Each one only presses what stands on the page, so everything works without it; whoever wants no keys gets no script.
"use strict";
(() => {
  const find = (selector) => document.querySelector(selector);
  const links = () => [...document.querySelectorAll(".queue .what a")];
  const here = () => links().findIndex((link) => link.closest("li").contains(document.activeElement));
  const box = (place) => links()[place]?.closest("li").querySelector("input[name=pick]");

  function press(element) {
    if (!element) return false;
    element.click();
    return true;
  }

  function move(step) {
    const all = links();
    if (!all.length) return false;
    const place = here();
    const next = place < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(place + step, 0), all.length - 1);
    all[next].focus();
    return true;
  }

  // On an incident: take it. In a queue: take the chosen ones, or, if none is chosen, the one in focus.
  function take() {
    const button = find("form[action$='/take'] button") || find("button[name=command][value=take]");
    if (button?.form.matches(".many") && !find(".queue input[name=pick]:checked")) {
      const mine = box(here());
      if (!mine) return false;
      mine.checked = true;
    }
    return press(button);
  }

  function search() {
    const field = find("#q");
    if (!field) return false;
    field.focus();
    field.select();
    return true;
  }

  function sheet() {
    const keys = find("#keys");
    if (!keys) return false;
    keys.open = !keys.open;
    if (keys.open) keys.querySelector("summary").focus();
    return true;
  }

  const does = {
    j: () => move(1),
    k: () => move(-1),
    o: () => press(links()[here()]),
    x: () => press(box(here())),
    t: take,
    u: () => press(find("a.up")),
    "/": search,
    "?": sheet,
  };

  const isWriting = (element) =>
    element.isContentEditable || element.matches("textarea, select, input:not([type=checkbox]):not([type=radio]):not([type=submit])");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isWriting(event.target)) return;
    if (does[event.key]?.()) event.preventDefault();
  });
})();
