// The widget: one figure, redrawn in its place whenever the kernel sends another.

const CONFIG = { displayModeBar: false, scrollZoom: false, doubleClick: false, showTips: false };

// A plain key on the slider is not one of JupyterLab's (up and down: another cell).
function keepKey(event) {
  const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
  if (!ctrlKey && !metaKey && !altKey && !(shiftKey && key === "Enter")) event.stopPropagation();
}

async function render({ model, el }) {
  el.classList.add("lbc-view");
  const plot = document.createElement("div");
  const note = document.createElement("p");
  note.className = "lbc-log lbc-slid";
  note.setAttribute("role", "status");
  el.append(plot, note);
  const say = () => {
    const text = model.get("note");
    note.textContent = text;
    el.dataset.kind = text ? "error" : "";
  };
  let Plotly;
  const draw = () => {
    el.closest(".lbc")?.addEventListener("keydown", keepKey); // again: nothing
    const { data, layout } = structuredClone(model.get("figure"));
    Plotly?.react(plot, data, { ...layout, autosize: true }, CONFIG);
    say();
  };
  model.on("change:figure", draw);
  model.on("change:note", say);
  const sizes = new ResizeObserver(() => {
    if (plot.offsetWidth && plot._fullLayout) Plotly.Plots.resize(plot);
  });
  sizes.observe(plot);
  loadPlotly(model).then(
    (found) => {
      Plotly = found;
      draw();
    },
    (error) => {
      note.textContent = `no chart: ${error.message}`;
      el.dataset.kind = "error";
    },
  );
  return () => {
    model.off("change:figure", draw);
    model.off("change:note", say);
    sizes.disconnect();
    if (plot._fullLayout) Plotly.purge(plot);
  };
}

export default { render };
