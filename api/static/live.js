// What attributes cannot say: a list in which somebody is choosing is left alone, and pages that nobody looks at hold no line.
"use strict";
(() => {
  const line = document.getElementById("line");
  if (!line) return;
  const asWritten = line.cloneNode(true);
  let source;
  htmx.createEventSource = (place) => (source = new EventSource(place));

  const isChoosing = () => document.querySelector("#fresh .queue :checked, #fresh details[open]") !== null;
  for (const moment of ["htmx:beforeRequest", "htmx:beforeSwap"])
    document.addEventListener(moment, (event) => {
      if (event.detail.requestConfig.elt.id === "ear" && isChoosing()) event.preventDefault();
    });

  // Browsers open only a few lines to one house. The line comes back as the server wrote it, so it asks for news since the page was loaded.
  document.addEventListener("visibilitychange", () => {
    const held = document.getElementById("line");
    if (document.visibilityState === "hidden") {
      source?.close();
      held?.remove();
    } else if (!held) {
      const again = asWritten.cloneNode(true);
      document.getElementById("content").prepend(again);
      htmx.process(again);
    }
  });
})();
