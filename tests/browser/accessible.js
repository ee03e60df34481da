// What a person with a screen reader or weak eyes would stumble over, as sentences.
() => {
  const found = [];
  const visible = (one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const named = (one) =>
    one.getAttribute("aria-label") || one.getAttribute("title") || one.innerText?.trim() || one.labels?.[0]?.innerText.trim();
  const theirs = "[x-ref=searchInput], .select2-search__field"; // of the admin's theme, which gives them no name
  for (const one of document.querySelectorAll("#content :is(input:not([type=hidden]), select, textarea, button, a[href])"))
    if (!one.matches(theirs) && visible(one) && !named(one)) found.push(`without a name: ${one.outerHTML.slice(0, 120)}`);
  const ids = [...document.querySelectorAll("#content [id]")].map((one) => one.id);
  for (const id of new Set(ids.filter((id, n) => ids.indexOf(id) !== n))) found.push(`twice on the page: #${id}`);

  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const over = ([r, g, b, a], [R, G, B]) => [[r, R], [g, G], [b, B]].map(([top, under]) => (top * a + under * (255 - a)) / 255);
  const ground = (one) => {
    const layers = [];
    for (let at = one; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255]);
  };
  const light = (color) => {
    const [r, g, b] = color.map((part) => (part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  for (const one of document.querySelectorAll(".lull *")) {
    const says = [...one.childNodes].some((part) => part.nodeType === Node.TEXT_NODE && part.data.trim());
    if (!says || !visible(one)) continue;
    const under = ground(one);
    const [darker, lighter] = [light(under), light(over(rgba(getComputedStyle(one).color), under))].sort((a, b) => a - b);
    const contrast = (lighter + 0.05) / (darker + 0.05);
    // WCAG 2.2, 1.4.3
    if (contrast < 4.5) found.push(`contrast ${contrast.toFixed(1)}: ${one.textContent.trim().slice(0, 60)}`);
  }
  return found;
}
