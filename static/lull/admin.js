/* The only scripts of Lull's own pages: live progress, copying a post, one language at a time. */
"use strict";

const EVERY = 2000; // milliseconds between two looks, while something moves

function live(place) {
  const look = async () => {
    if (document.hidden) return window.setTimeout(look, EVERY);
    try {
      const answer = await fetch(place.dataset.lullProgress, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const { moving, html } = await answer.json();
      for (const [id, markup] of Object.entries(html)) {
        const part = document.getElementById(id);
        if (part && part.innerHTML !== markup) part.innerHTML = markup;
      }
      if (moving) window.setTimeout(look, EVERY);
    } catch {
      window.setTimeout(look, 5 * EVERY); // the line broke: the numbers on the page stay true, only older
    }
  };
  if (place.dataset.lullMoving === "yes") window.setTimeout(look, EVERY);
}

function copying(button) {
  button.addEventListener("click", async () => {
    const words = document.getElementById(button.dataset.lullCopy).innerText;
    await navigator.clipboard.writeText(words);
    button.textContent = button.dataset.lullDone;
  });
}

function languages(chooser) {
  const place = document.getElementById(chooser.getAttribute("aria-controls"));
  const show = () => {
    for (const part of place.querySelectorAll("[data-lull-language]"))
      part.hidden = part.dataset.lullLanguage !== chooser.value;
  };
  chooser.addEventListener("change", show);
  show();
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-lull-progress]").forEach(live);
  document.querySelectorAll("[data-lull-copy]").forEach(copying);
  document.querySelectorAll("select[data-lull-languages]").forEach(languages);
});
