// Adds each time in the visitor's own zone below the bank's, where the two differ.
// The page says everything without it.
(() => {
  const settings = document.getElementById("own-time").dataset;
  const locale = `${document.documentElement.lang}-u-nu-latn`;
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const clock = { weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit" };
  const inZone = (timeZone) => new Intl.DateTimeFormat(locale, { ...clock, timeZone });
  for (const when of document.querySelectorAll(".when")) {
    const [start, end] = [...when.querySelectorAll("time")].map((time) => new Date(time.dateTime));
    const differs = [start, end].some((at) => inZone(own).format(at) !== inZone(settings.zone).format(at));
    if (!differs) continue;
    const line = document.createElement("p");
    line.className = "own quiet";
    line.textContent = settings.words
      .replace("{zone}", own.replaceAll("_", " "))
      .replace("{span}", inZone(own).formatRange(start, end));
    when.after(line);
  }
})();
