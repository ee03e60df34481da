/* A window in the week is dragged, or taken by the keyboard, to another time: what stands against it there
   is asked at once, and nothing is moved before somebody says why. */
"use strict";

const STEP = 30; // minutes
const DAY = 24 * 60;
const clock = (minute) => `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

/* One week on the page: its days, and where a window is being held. */
function week(place) {
  const days = [...place.querySelectorAll("[data-lull-day]")];
  const said = document.querySelector("[data-lull-said]");
  const answer = document.querySelector("[data-lull-checked]");
  const ghost = document.createElement("div");
  ghost.className = "lull-ghost";
  ghost.setAttribute("aria-hidden", "true");
  let held = null; // the block, the number of its day and the minute at which it would begin
  let asked = 0; // only the last question's answer counts

  const dayOf = (block) => days.indexOf(block.closest("[data-lull-day]"));
  const minuteOf = (block) => Math.round((parseFloat(block.style.getPropertyValue("--top")) / 100) * DAY);

  function hold(block, day, minute) {
    if (held && held.block !== block) leave();
    day = Math.max(0, Math.min(days.length - 1, day));
    minute = Math.max(0, Math.min(DAY - STEP, minute));
    held = { block, day, minute };
    block.classList.add("lull-away");
    const length = Number(block.dataset.lullMinutes);
    ghost.style.setProperty("--top", `${(minute / DAY) * 100}%`);
    ghost.style.setProperty("--height", `${(Math.min(length, DAY - minute) / DAY) * 100}%`);
    ghost.textContent = clock(minute);
    days[day].append(ghost);
  }

  function leave() {
    asked += 1;
    if (held) held.block.classList.remove("lull-away");
    held = null;
    ghost.remove();
    answer.hidden = true;
    said.textContent = "";
  }

  async function check() {
    const { block, day, minute } = held;
    const question = new URL(block.dataset.lullMove, location.href);
    question.searchParams.set("starts_at", `${days[day].dataset.lullDay}T${clock(minute)}`);
    const whole = question.href; // the same question as a page of its own
    question.searchParams.set("part", "1");
    const number = (asked += 1);
    said.textContent = "Checking";
    let words;
    try {
      const reply = await fetch(question, { redirect: "error" });
      if (!reply.ok) throw new Error(String(reply.status));
      words = await reply.text();
    } catch {
      words = null;
    }
    if (number !== asked) return;
    said.textContent = "";
    if (words === null) {
      const link = document.createElement("a");
      link.href = whole;
      link.textContent = "The check did not answer. Check this time on a page of its own";
      answer.replaceChildren(link);
    } else answer.innerHTML = words;
    answer.hidden = false;
    answer.querySelector("[data-lull-first], a")?.focus({ preventScroll: true });
  }

  function under(x) {
    const found = days.findIndex((day) => {
      const { left, right } = day.getBoundingClientRect();
      return left <= x && x < right;
    });
    return found < 0 ? held.day : found;
  }

  function dragged(block, start) {
    const grip = start.clientY - block.getBoundingClientRect().top;
    let moving = false;
    const move = (event) => {
      if (!moving && Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) < 5) return;
      if (!moving) {
        moving = true;
        block.setPointerCapture(start.pointerId);
        place.classList.add("lull-dragging");
        hold(block, dayOf(block), minuteOf(block));
      }
      const day = under(event.clientX);
      const box = days[day].getBoundingClientRect();
      const minute = ((event.clientY - grip - box.top) / box.height) * DAY;
      hold(block, day, Math.round(minute / STEP) * STEP);
    };
    const stop = (event) => {
      for (const [name, heard] of hears) document.removeEventListener(name, heard);
      place.classList.remove("lull-dragging");
      if (!moving) return;
      // the click that ends a drag opens nothing
      const swallow = (click) => click.preventDefault();
      block.addEventListener("click", swallow, true);
      setTimeout(() => block.removeEventListener("click", swallow, true));
      if (event.type === "pointerup" && held) check();
      else leave();
    };
    const escape = (event) => event.key === "Escape" && stop(event);
    // of the whole page: a quick hand has left the block before the first move is heard
    const hears = [["pointermove", move], ["pointerup", stop], ["pointercancel", stop], ["keydown", escape]];
    for (const [name, heard] of hears) document.addEventListener(name, heard);
  }

  function keys(block, event) {
    const forward = getComputedStyle(place).direction === "rtl" ? -1 : 1;
    const by = { ArrowUp: [0, -STEP], ArrowDown: [0, STEP], ArrowLeft: [-forward, 0], ArrowRight: [forward, 0] }[event.key];
    const here = held && held.block === block;
    if (by) {
      const { day, minute } = here ? held : { day: dayOf(block), minute: minuteOf(block) };
      hold(block, day + by[0], minute + by[1]);
      said.textContent = `${days[held.day].getAttribute("aria-label")}, ${clock(held.minute)}`;
    } else if (event.key === "Enter" && here) check();
    else return;
    event.preventDefault();
  }

  for (const block of place.querySelectorAll("[data-lull-move]")) {
    block.addEventListener("dragstart", (event) => event.preventDefault()); // a link's own drag
    block.addEventListener("pointerdown", (event) => {
      // a finger scrolls; for it there is the link
      if (event.button === 0 && event.pointerType !== "touch") dragged(block, event);
    });
    block.querySelector("[data-lull-handle]").addEventListener("keydown", (event) => keys(block, event));
  }
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !held) return;
    const handle = held.block.querySelector("[data-lull-handle]");
    leave();
    handle.focus();
  });
  answer.addEventListener("click", (event) => {
    if (!event.target.closest("[data-lull-leave]") || !held) return;
    const handle = held.block.querySelector("[data-lull-handle]");
    leave();
    handle.focus();
  });
  const how = document.querySelector("[data-lull-how]");
  if (how) how.hidden = false;
}

document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-lull-week]").forEach(week));
