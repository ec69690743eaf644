// Draws the figures in the colours of the reader's theme, and switches between views of one figure.
(() => {
  const root = document.documentElement;
  const resolve = (value, style) => {
    if (typeof value === "string") return /^--[a-z0-9-]+$/.test(value) ? style.getPropertyValue(value).trim() : value;
    if (Array.isArray(value)) return value.map((item) => resolve(item, style));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, style)]));
  };
  const draw = (place) => {
    const stored = JSON.parse(document.getElementById(place.dataset.figure).textContent);
    const figure = resolve(stored, getComputedStyle(root));
    Plotly.react(place, figure.data, figure.layout, { displayModeBar: false, responsive: true });
  };
  const drawAll = () => document.querySelectorAll("[data-figure]").forEach(draw);

  document.querySelectorAll("[data-show]").forEach((button) =>
    button.addEventListener("click", () => {
      const group = button.parentElement;
      group.querySelectorAll("button").forEach((other) => other.setAttribute("aria-pressed", other === button));
      const place = document.getElementById(group.dataset.for);
      place.dataset.figure = button.dataset.show;
      draw(place);
    }),
  );
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  addEventListener("beforeprint", () => { root.dataset.theme = "light"; drawAll(); });
  addEventListener("afterprint", () => { delete root.dataset.theme; drawAll(); });
  drawAll();
})();
