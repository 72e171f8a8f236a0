// Bars that change places glide there: Plotly draws them at their new places, then each starts from
// where it was seen last. The browser animates; Plotly draws once.

const GLIDE_MS = 450;

const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

function shownOffset(node) {
  const { transform } = getComputedStyle(node);
  return transform === "none" ? 0 : new DOMMatrixReadOnly(transform).m42;
}

class Race {
  #seen = new Map(); // player id -> vertical offset from the top of its row's place

  constructor(div) {
    this.div = div;
  }

  #rows() {
    const layers = [".barlayer .point", ".scatterlayer .trace:nth-of-type(1) .textpoint"];
    layers.push(".scatterlayer .trace:nth-of-type(2) .textpoint");
    return layers.map((layer) => [...this.div.querySelectorAll(layer)]);
  }

  // Where every player is seen now; call before Plotly draws the new order.
  remember(ids) {
    const [bars] = this.#rows();
    const axis = this.div._fullLayout.yaxis;
    this.#seen = new Map(
      ids.map((id, i) => [id, axis.c2p(i + 1) + (bars[i] ? shownOffset(bars[i]) : 0)]),
    );
  }

  // Let every player glide from there to the place Plotly has just drawn.
  glide(ids) {
    if (calm() || !this.#seen.size) return;
    const axis = this.div._fullLayout.yaxis;
    const below = axis.c2p(ids.length + 1);
    const layers = this.#rows();
    ids.forEach((id, i) => {
      const offset = (this.#seen.get(id) ?? below) - axis.c2p(i + 1);
      for (const nodes of layers) move(nodes[i], offset);
    });
  }
}

function move(node, offset) {
  if (!node) return;
  for (const old of node.getAnimations()) old.cancel();
  if (Math.abs(offset) < 0.5) return;
  node.animate(
    [{ transform: `translateY(${offset}px)` }, { transform: "translateY(0)" }],
    { duration: GLIDE_MS, easing: "cubic-bezier(0.3, 0, 0.2, 1)", composite: "add" }, // to Plotly's own
  );
}
