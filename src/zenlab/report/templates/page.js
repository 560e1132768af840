// Shows the architecture that is pointed at: its spelling, its numbers, and the parts of its drawing.
(() => {
  const source = document.getElementById("points");
  if (!source) return;
  const points = JSON.parse(source.textContent);
  const card = document.getElementById("pointed");
  const field = (name) => card.querySelector(name);
  const number = (value) => (value === null ? "-∞ (dead)" : Number(value.toPrecision(6)).toLocaleString("en"));

  const present = (place) => {
    const drawing = points.drawings[place];
    field(".drawing").innerHTML = drawing ? drawing.map((part) => points.parts[part]).join("") + "</svg>" : "";
    const svg = field("svg");
    if (svg) {
      svg.classList.add("zenlab-drawing");
      svg.setAttribute("role", "img");
      svg.setAttribute("aria-label", "drawing of " + points.genotypes[place]);
    }
    field(".score").textContent = number(points.scores[place]);
    field(".label").textContent = points.label;
    field(".measured").textContent = number(points.measured[place]);
    field("code").textContent = points.genotypes[place];
  };

  // Bokeh's hover tool tells indices, its tap tool the source of what was tapped.
  const show = (told) => {
    const from = told.renderer ? told.renderer.data_source : told.source;
    const indices = told.index ? told.index.indices : from.inspected.indices;
    if (from && indices.length) present(from.data.place[indices[0]]);
  };

  window.zenlab = { show };
  if (points.genotypes.length) present(0);
})();
