// The page: an image, the z behind it, a grid of images, and what is between two of them.
"use strict";

(() => {
  const model = window.dcganModel, { network } = model;
  const labelled = network.kind === "labelled", classes = network.class_names.length;
  const untrained = new Set(network.untrained_classes ?? []);
  const trained = network.class_names.map((_, i) => i).filter(i => !untrained.has(i));
  const ranges = { uniform: [-1, 1], uniform_0_1: [0, 1], normal: [-3, 3] };
  const [low, high] = ranges[network.z_distribution];
  const STRIP = 9; // images of an interpolation
  const LARGEST = 2n ** 64n - 1n;

  const element = id => document.getElementById(id);
  const say = text => { element("status").textContent = text; };
  let generator;
  // What is shown: z and the shares of the classes, and of which seed, image and class they are.
  let shown = { seed: 0n, number: 0n, class: 0, z: new Float32Array(0), y: new Float32Array(0) };
  let cell = 0, ends = [], drawnGrid = null, playing = 0;

  const shareOf = k => Float32Array.from({ length: classes }, (_, i) => (i === k ? 1 : 0));
  const classOf = number => (labelled ? trained[Number(number % BigInt(trained.length))] : 0);
  const joined = arrays => {
    const all = new Float32Array(arrays.reduce((n, a) => n + a.length, 0));
    arrays.reduce((at, a) => { all.set(a, at); return at + a.length; }, 0);
    return all;
  };

  /** The pixels of these images, each `[height, width, channels]`. */
  function pixelsOf(images) {
    const each = network.height * network.width * network.channels, found = [];
    for (let i = 0; i < images.length; i += generator.BATCH) {
      const some = images.slice(i, i + generator.BATCH);
      const pixels = generator.draw(joined(some.map(x => x.z)), joined(some.map(x => x.y)));
      some.forEach((_, j) => found.push(pixels.subarray(j * each, (j + 1) * each)));
    }
    return found;
  }

  function paintImage(context, pixels, x, y) {
    const data = context.createImageData(network.width, network.height), c = network.channels;
    for (let i = 0; i < network.width * network.height; i++) {
      for (let k = 0; k < 3; k++) data.data[4 * i + k] = pixels[c * i + (c === 1 ? 0 : k)];
      data.data[4 * i + 3] = 255;
    }
    context.putImageData(data, x, y);
  }

  /** Paints images next to each other, with a gap of a pixel, from the one at `first` on. */
  function paintCells(canvas, pixels, columns, first = 0) {
    const context = canvas.getContext("2d");
    pixels.forEach((image, i) => {
      const column = (first + i) % columns, row = Math.floor((first + i) / columns);
      paintImage(context, image, column * (network.width + 1), row * (network.height + 1));
    });
  }

  function sizeCells(canvas, columns, rows) {
    canvas.width = columns * (network.width + 1) - 1;
    canvas.height = rows * (network.height + 1) - 1;
    const scale = Math.max(1, Math.floor(900 / canvas.width));
    canvas.style.width = `${canvas.width * Math.min(scale, 3)}px`;
    canvas.style.height = "auto";
  }

  function save(canvas, name) {
    canvas.toBlob(blob => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  }

  // The image and its z.

  function render() {
    const start = performance.now();
    const [pixels] = pixelsOf([shown]);
    const canvas = element("image");
    paintImage(canvas.getContext("2d"), pixels, 0, 0);
    const name = labelled ? `, class ${network.class_names[shown.class]}` : "";
    canvas.setAttribute("aria-label", `Image ${shown.number} of seed ${shown.seed}${name}`);
    say(`Drawn in ${(performance.now() - start).toFixed(1)} ms on this computer`);
    paintLatent();
  }

  function open(seed, number, k = classOf(number)) {
    play(false);
    const z = Random.latent(network, seed, number).slice();
    shown = { seed, number, class: k, z, y: shareOf(k) };
    element("seed").value = seed;
    element("number").value = number;
    const radio = document.querySelector(`#classes input[value="${k}"]`);
    if (radio) radio.checked = true;
    render();
  }

  const columnsOfZ = Math.ceil(Math.sqrt(network.z_dim));
  const rowsOfZ = Math.ceil(network.z_dim / columnsOfZ);
  const CELL = 20;

  function colour(value) {
    const style = getComputedStyle(document.documentElement);
    const hex = name => style.getPropertyValue(name).match(/[\da-f]{2}/gi);
    const rgb = name => hex(name).map(x => parseInt(x, 16));
    const t = Math.max(-1, Math.min(1, (2 * value - low - high) / (high - low)));
    const [from, to] = [rgb("--middle"), rgb(t < 0 ? "--low" : "--high")];
    return `rgb(${from.map((x, i) => Math.round(x + (to[i] - x) * Math.abs(t)))})`;
  }

  function paintLatent() {
    const context = element("latent").getContext("2d");
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    shown.z.forEach((value, i) => {
      context.fillStyle = colour(value);
      const x = i % columnsOfZ, y = Math.floor(i / columnsOfZ);
      context.fillRect(x * CELL, y * CELL, CELL - 1, CELL - 1);
    });
    context.strokeStyle = getComputedStyle(document.documentElement).getPropertyValue("--ink");
    const x = cell % columnsOfZ, y = Math.floor(cell / columnsOfZ);
    context.strokeRect(x * CELL + 0.5, y * CELL + 0.5, CELL - 2, CELL - 2);
    element("cell").textContent = `z[${cell}] = ${shown.z[cell].toFixed(3)}`;
  }

  function setCell(i, value) {
    cell = i;
    shown.z[i] = Math.max(low, Math.min(high, value));
    render();
  }

  function cellAt(event) {
    const box = element("latent").getBoundingClientRect();
    const x = Math.floor((event.clientX - box.left) / box.width * columnsOfZ);
    const y = Math.floor((event.clientY - box.top) / box.height * rowsOfZ);
    const i = y * columnsOfZ + x;
    return x >= 0 && x < columnsOfZ && y >= 0 && i < network.z_dim ? i : -1;
  }

  function listenToLatent() {
    const canvas = element("latent"), brush = element("brush");
    [canvas.width, canvas.height] = [columnsOfZ * CELL - 1, rowsOfZ * CELL - 1];
    [brush.min, brush.max, brush.value] = [low, high, high];
    const showBrush = () => {
      element("brush-value").textContent = Number(brush.value).toFixed(2);
    };
    brush.addEventListener("input", showBrush);
    showBrush();
    const paint = event => {
      const i = cellAt(event);
      if (i >= 0) setCell(i, Number(brush.value));
    };
    canvas.addEventListener("pointerdown", event => {
      canvas.setPointerCapture(event.pointerId);
      paint(event);
    });
    canvas.addEventListener("pointermove", event => { if (event.buttons) paint(event); });
    const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columnsOfZ, ArrowDown: columnsOfZ };
    canvas.addEventListener("keydown", event => {
      const step = (high - low) / 20;
      if (event.key in moves) {
        const to = cell + moves[event.key];
        if (to >= 0 && to < network.z_dim) cell = to;
        paintLatent();
      } else if (event.key === " ") setCell(cell, Number(brush.value));
      else if (event.key === "+" || event.key === "=") setCell(cell, shown.z[cell] + step);
      else if (event.key === "-") setCell(cell, shown.z[cell] - step);
      else return;
      event.preventDefault();
    });
    element("reset").addEventListener("click", () => open(shown.seed, shown.number, shown.class));
  }

  function listenToImage() {
    const canvas = element("image");
    [canvas.width, canvas.height] = [network.width, network.height];
    const typed = id => {
      const input = element(id), text = input.value.trim();
      const ok = /^\d{1,20}$/.test(text) && BigInt(text) <= LARGEST;
      input.classList.toggle("wrong", !ok);
      input.setCustomValidity(ok ? "" : `expected a whole number from 0 to ${LARGEST}`);
      if (!ok) say(`${id}: expected a whole number from 0 to ${LARGEST}`);
      return ok ? BigInt(text) : null;
    };
    for (const id of ["seed", "number"]) {
      element(id).addEventListener("change", () => {
        const [seed, number] = [typed("seed"), typed("number")];
        if (seed === null || number === null) return;
        // The class that was chosen stays; each number has a class of its own.
        open(seed, number, id === "seed" ? shown.class : classOf(number));
      });
    }
    const step = by => open(shown.seed, BigInt.asUintN(64, shown.number + by));
    element("previous").addEventListener("click", () => step(-1n));
    element("next").addEventListener("click", () => step(1n));
    element("random").addEventListener("click", () => {
      open(BigInt(Math.floor(Math.random() * 2 ** 32)), 0n, shown.class);
    });
    element("save-image").addEventListener("click", () => {
      save(canvas, `seed-${shown.seed}-image-${shown.number}.png`);
    });
    if (!labelled) return;
    element("classes").hidden = false;
    for (const k of trained) {
      const label = document.createElement("label"), input = document.createElement("input");
      [input.type, input.name, input.value] = ["radio", "class", k];
      label.append(input, network.class_names[k]);
      element("classes").append(label);
      input.addEventListener("change", () => {
        [shown.class, shown.y] = [k, shareOf(k)];
        render();
      });
    }
  }

  // The grid.

  function drawGrid() {
    const count = Math.max(1, Math.min(400, Math.floor(Number(element("count").value)) || 1));
    element("count").value = count;
    const columns = Math.min(count, labelled ? trained.length : Math.ceil(Math.sqrt(count)));
    const images = Array.from({ length: count }, (_, i) => {
      const number = BigInt.asUintN(64, shown.number + BigInt(i)), k = classOf(number);
      const z = Random.latent(network, shown.seed, number);
      return { seed: shown.seed, number, class: k, z, y: shareOf(k) };
    });
    const canvas = element("grid"), grid = { columns, images };
    sizeCells(canvas, columns, Math.ceil(count / columns));
    const label = `${count} images of seed ${shown.seed} from ${shown.number} on`;
    canvas.setAttribute("aria-label", label);
    drawnGrid = grid;
    const start = performance.now();
    // A few at a time, so that the page stays responsive.
    const go = first => {
      if (drawnGrid !== grid) return;
      paintCells(canvas, pixelsOf(images.slice(first, first + generator.BATCH)), columns, first);
      const next = first + generator.BATCH;
      if (next < count) return void setTimeout(go, 0, next);
      element("save-grid").disabled = false;
      say(`${count} images drawn in ${((performance.now() - start) / 1000).toFixed(2)} s`);
    };
    element("save-grid").disabled = true;
    go(0);
  }

  function listenToGrid() {
    const canvas = element("grid");
    element("draw-grid").addEventListener("click", drawGrid);
    element("save-grid").addEventListener("click", () => {
      save(canvas, `grid-seed-${drawnGrid.images[0].seed}.png`);
    });
    canvas.addEventListener("click", event => {
      if (!drawnGrid) return;
      const box = canvas.getBoundingClientRect(), scale = canvas.width / box.width;
      const column = Math.floor((event.clientX - box.left) * scale / (network.width + 1));
      const row = Math.floor((event.clientY - box.top) * scale / (network.height + 1));
      const image = drawnGrid.images[row * drawnGrid.columns + column];
      if (image) open(image.seed, image.number, image.class);
    });
  }

  // Interpolation.

  /** z at `t` between two: on the straight line, or on the arc between their directions. */
  function between(a, b, t, way) {
    const dot = (x, y) => x.reduce((sum, v, i) => sum + v * y[i], 0);
    const [la, lb] = [Math.sqrt(dot(a, a)), Math.sqrt(dot(b, b))];
    const angle = Math.acos(Math.max(-1, Math.min(1, dot(a, b) / (la * lb))));
    if (way === "linear" || !(Math.sin(angle) > 1e-6)) return a.map((v, i) => v + (b[i] - v) * t);
    const [p, q] = [Math.sin((1 - t) * angle), Math.sin(t * angle)].map(s => s / Math.sin(angle));
    const length = la + (lb - la) * t;
    return a.map((v, i) => length * (p * v / la + q * b[i] / lb));
  }

  function imageAt(t) {
    const [a, b] = ends, way = element("way").value;
    return { ...a, z: between(a.z, b.z, t, way), y: a.y.map((v, i) => v + (b.y[i] - v) * t) };
  }

  function drawStrip() {
    const images = Array.from({ length: STRIP }, (_, i) => imageAt(i / (STRIP - 1)));
    sizeCells(element("strip"), STRIP, 1);
    paintCells(element("strip"), pixelsOf(images), STRIP);
  }

  function showAt(t) {
    shown = imageAt(t);
    render();
  }

  function play(on) {
    element("play").setAttribute("aria-pressed", String(on));
    element("play").textContent = on ? "Pause" : "Play";
    cancelAnimationFrame(playing);
    if (!on) return;
    const position = element("position");
    const frame = () => {
      // Forth and back, 100 positions each way.
      phase = (phase + 1) % 200;
      position.value = (phase < 100 ? phase : 200 - phase) / 100;
      showAt(Number(position.value));
      playing = requestAnimationFrame(frame);
    };
    let phase = Math.round(Number(position.value) * 100);
    playing = requestAnimationFrame(frame);
  }

  function listenToInterpolation() {
    const copy = () => ({ ...shown, z: shown.z.slice(), y: shown.y.slice() });
    ["set-start", "set-end"].forEach((id, i) => {
      element(id).addEventListener("click", () => {
        ends[i] = copy();
        drawStrip();
      });
    });
    element("way").addEventListener("change", drawStrip);
    element("position").addEventListener("input", event => showAt(Number(event.target.value)));
    element("play").addEventListener("click", () => {
      play(element("play").getAttribute("aria-pressed") === "false");
    });
    element("save-strip").addEventListener("click", () => {
      save(element("strip"), "interpolation.png");
    });
    const at = number => {
      const k = classOf(number);
      return { ...shown, number, class: k, z: Random.latent(network, 0n, number), y: shareOf(k) };
    };
    ends = [at(0n), at(1n)];
    drawStrip();
  }

  function listFacts() {
    document.title = model.title;
    element("title").textContent = model.title;
    for (const [name, value] of model.facts) {
      const [dt, dd] = [document.createElement("dt"), document.createElement("dd")];
      [dt.textContent, dd.textContent] = [name, value];
      element("facts").append(dt, dd);
    }
  }

  async function start() {
    listFacts();
    generator = await Network.load(model);
    listenToImage();
    listenToLatent();
    listenToGrid();
    open(0n, 0n);
    listenToInterpolation();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paintLatent);
    document.body.dataset.ready = "yes";
  }

  // After the first paint, because decoding the weights takes a moment.
  setTimeout(() => start().catch(error => {
    say(`This browser cannot run the network: ${error.message}`);
    throw error;
  }), 0);
})();
