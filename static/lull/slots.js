/* The page of slots: what is asked for is answered at once, in place of the last answer. Without this script
   the form has its button, and every link its page. */
"use strict";

const PAUSE = 120; // milliseconds after the slider's last move

function words(minutes) {
  const hours = Math.floor(minutes / 60);
  return [hours ? `${hours} h` : "", minutes % 60 ? `${minutes % 60} min` : ""].filter(Boolean).join(" ");
}

function looking(form) {
  const found = document.querySelector("[data-lull-found]");
  const said = document.querySelector("[data-lull-said]");
  const length = form.querySelector("[data-lull-length]");
  let asking = new AbortController();

  /* The address of what the form asks for. */
  function asked() {
    const query = new URLSearchParams(new FormData(form));
    for (const [name, value] of [...query]) if (!value) query.delete(name);
    return new URL(`?${query}`, location.href);
  }

  async function answer(address, { stays, focus }) {
    asking.abort();
    asking = new AbortController();
    const question = new URL(address);
    question.searchParams.set("part", "1");
    // who uses the services was counted for the last answer: it need not be counted anew for another length
    const users = found.querySelector("[data-lull-users]");
    if (users) question.searchParams.set("users", users.dataset.lullUsers);
    found.setAttribute("aria-busy", "true");
    try {
      const reply = await fetch(question, { redirect: "error", signal: asking.signal });
      if (!reply.ok) throw new Error(String(reply.status));
      found.innerHTML = await reply.text();
    } catch (fault) {
      if (fault.name !== "AbortError") location.assign(address); // the page itself says what is wrong
      return;
    }
    found.removeAttribute("aria-busy");
    history[stays ? "replaceState" : "pushState"]({}, "", address);
    for (const name of ["week", "at"]) {
      const kept = address.searchParams.get(name);
      form.elements[name].value = kept ?? "";
      form.elements[name].disabled = kept === null;
    }
    said.textContent = found.querySelector("[data-lull-summary]")?.dataset.lullSummary ?? found.innerText.trim();
    roving();
    if (focus) (document.getElementById(focus) ?? found.querySelector("#weekly"))?.focus();
  }

  /* The map is one stop for the tab key; arrows move in it. */
  function roving() {
    const table = found.querySelector("[data-lull-heat]");
    if (!table) return;
    const links = [...table.querySelectorAll("tbody a")];
    const first = table.querySelector("[aria-current]") ?? table.querySelector("b")?.closest("a") ?? links[0];
    for (const link of links) link.tabIndex = link === first ? 0 : -1;
    table.addEventListener("keydown", (event) => {
      const forward = getComputedStyle(table).direction === "rtl" ? -1 : 1;
      const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -forward], ArrowRight: [0, forward] }[event.key];
      const cell = event.target.closest("td");
      if (!by || !cell) return;
      event.preventDefault();
      let [row, column] = [cell.parentElement, cell.cellIndex + by[1]];
      do row = by[0] < 0 ? row.previousElementSibling : by[0] > 0 ? row.nextElementSibling : row;
      while (by[0] && row && !row.cells[column]?.querySelector("a")); // an hour that the clocks skip
      const next = row?.cells[column]?.querySelector("a");
      if (!next) return;
      event.target.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
  }

  let pause;
  const later = () => {
    clearTimeout(pause);
    pause = setTimeout(() => answer(asked(), { stays: true }), PAUSE);
  };
  form.addEventListener("input", (event) => {
    if (event.target.type === "range") length.textContent = words(Number(event.target.value));
    if (["range", "checkbox"].includes(event.target.type)) later();
  });
  form.addEventListener("change", (event) => {
    if (!["range", "checkbox"].includes(event.target.type)) later();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(pause);
    answer(asked(), { stays: false });
  });
  found.addEventListener("click", (event) => {
    const link = event.target.closest("[data-lull-go]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    answer(new URL(link.href), { stays: false, focus: link.dataset.lullGo || link.id || "weekly" });
  });
  window.addEventListener("popstate", () => location.reload());

  const range = form.querySelector("[type=range]");
  length.textContent = words(Number(range.value));
  roving();
}

document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-lull-slots]").forEach(looking));
