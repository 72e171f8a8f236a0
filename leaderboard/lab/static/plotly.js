// Plotly, once per page: JupyterLab's own copy, which draws the static figures too; elsewhere the
// kernel's copy, asked for over the widget's channel. Never from another machine.

const KERNEL_WAIT_MS = 20_000;
let loading;

function loadPlotly(model) {
  loading ??= findPlotly(model).catch((error) => {
    loading = undefined; // the next view may have more luck
    throw error;
  });
  return loading;
}

async function findPlotly(model) {
  return window.Plotly ?? (await fromLab()) ?? fromKernel(model);
}

async function fromLab() {
  try {
    const extension = await window._JUPYTERLAB["jupyterlab-plotly"].get("./mimeExtension");
    const { RenderedPlotly, MIME_TYPE } = extension();
    const renderer = new RenderedPlotly({ mimeType: MIME_TYPE });
    const blank = { [MIME_TYPE]: { data: [], layout: {} } };
    await renderer.createGraph({ data: blank, setData() {} }); // runs its script for the first time
    renderer.dispose();
    return window.Plotly ?? RenderedPlotly.Plotly;
  } catch {
    return undefined; // another front end, or the extension is off or of another make
  }
}

function fromKernel(model) {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error("the kernel did not send Plotly"));
    const timer = setTimeout(late, KERNEL_WAIT_MS);
    const receive = async (message, buffers) => {
      if (message.kind !== "plotly") return;
      clearTimeout(timer);
      model.off("msg:custom", receive);
      await runScript(buffers[0]).then(() => resolve(window.Plotly), reject);
    };
    model.on("msg:custom", receive);
    model.send({ kind: "plotly" });
  });
}

async function runScript(zipped) {
  const stream = new Blob([zipped]).stream().pipeThrough(new DecompressionStream("gzip"));
  const code = await new Response(stream).blob();
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  await import(url).finally(() => URL.revokeObjectURL(url));
}
