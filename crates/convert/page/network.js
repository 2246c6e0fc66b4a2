// The generator: weights out of base64, and images out of z. Products of matrices are computed by
// `gemm.wasm`, or by the same sums in JavaScript where WebAssembly lacks vectors.
"use strict";

const Network = (() => {
  const PANEL = 8; // columns of a packed matrix, as in gemm.wat
  const TAPS = 5; // rows and columns of a kernel

  function bytesOf(base64) {
    const text = atob(base64), bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  }

  /** All values of half precision by their 16 bits. */
  function halves() {
    const values = new Float32Array(1 << 16);
    for (let bits = 0; bits < 1 << 15; bits++) {
      const exponent = bits >> 10, fraction = bits & 1023;
      const value = exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24;
      values[bits] = value;
      values[bits | 0x8000] = -value;
    }
    return values;
  }

  /** `gemm` of gemm.wat, for engines without vectors. */
  function plainGemm(memory) {
    const f32 = new Float32Array(memory.buffer);
    return (a, b, c, m, k, panels) => {
      const [x, y, out] = [a / 4, b / 4, c / 4];
      for (let row = 0; row < m; row++) {
        for (let column = 0; column < panels * PANEL; column++) {
          const panel = Math.floor(column / PANEL) * k * PANEL + column % PANEL;
          let sum = 0;
          for (let i = 0; i < k; i++) sum += f32[x + row * k + i] * f32[y + panel + i * PANEL];
          f32[out + row * panels * PANEL + column] = sum;
        }
      }
    };
  }

  /** Memory and the product in it; `plain` asks for the one in JavaScript. */
  async function engine(wasm, bytes, plain) {
    const pages = Math.ceil(bytes / 65536);
    const code = bytesOf(wasm);
    if (!plain && WebAssembly.validate(code)) {
      const { instance } = await WebAssembly.instantiate(code);
      const { memory, gemm } = instance.exports;
      memory.grow(pages);
      return { memory, gemm };
    }
    const memory = new WebAssembly.Memory({ initial: pages });
    return { memory, gemm: plainGemm(memory) };
  }

  const panelsOf = layer => Math.ceil(layer.columns / PANEL);
  const activations = {
    relu: x => Math.max(x, 0),
    sigmoid: x => 1 / (1 + Math.exp(-x)),
    tanh: Math.tanh,
  };

  /**
   * The generator of `model`, the object in weights.js: `network`, the networks' description in the
   * metadata of their files; `layers`, from z to the image, each with `kind` (`linear` or `up`, a
   * transposed convolution of 5x5 taps and stride 2), `inputs` and `outputs` (channels), `size`
   * (rows and columns of its result), `activation`, and the bytes at which `bias` (float32) and
   * `weights` (float16; `[inputs, outputs]` or `[5, 5, outputs, inputs]`) begin in `data`.
   *
   * `draw(z, y)` returns the pixels, `[n, height, width, channels]`, of the z `[n, Z]` and the
   * shares of classes `[n, Y]`; n is at most `BATCH`.
   */
  async function load(model, plain = false) {
    const { network } = model, classes = network.class_names.length, BATCH = 8;
    const layers = model.layers.map(layer => ({
      ...layer,
      columns: layer.kind === "up" ? TAPS * TAPS * layer.outputs : layer.outputs,
    }));
    // Where things are in memory, in float32: packed weights, then an input and a product.
    let end = 4;
    for (const layer of layers) {
      layer.at = end;
      end += panelsOf(layer) * PANEL * layer.inputs;
    }
    const rowsOf = i => layers[i].kind === "up" ? layers[i - 1].size[0] * layers[i - 1].size[1] : 1;
    const most = f => Math.max(...layers.map((layer, i) => BATCH * rowsOf(i) * f(layer)));
    const input = end, product = input + Math.ceil(most(layer => layer.inputs) / 4) * 4;
    end = product + most(layer => panelsOf(layer) * PANEL);
    const { memory, gemm } = await engine(model.gemm, 4 * end, plain);
    const f32 = new Float32Array(memory.buffer);

    const data = bytesOf(model.data), value = halves();
    for (const layer of layers) {
      const { inputs, columns } = layer;
      const weights = new Uint16Array(data.buffer, layer.weights, inputs * columns);
      layer.biases = new Float32Array(data.buffer, layer.bias, layer.outputs);
      const [alongK, alongN] = layer.kind === "up" ? [1, inputs] : [columns, 1];
      for (let n = 0; n < columns; n++) {
        const to = layer.at + (n - n % PANEL) * inputs + n % PANEL;
        for (let k = 0; k < inputs; k++) {
          f32[to + k * PANEL] = value[weights[k * alongK + n * alongN]];
        }
      }
    }

    /** Sums the products of a transposed convolution at the pixels that each tap reaches. */
    function scatter(layer, [rows, columns], n) {
      const { outputs, size: [height, width] } = layer, stride = panelsOf(layer) * PANEL;
      const out = new Float32Array(n * height * width * outputs);
      for (let i = 0; i < out.length; i++) out[i] = layer.biases[i % outputs];
      // TensorFlow's SAME padding: one row or column before an even side, two before an odd one.
      const top = height % 2 ? 2 : 1, left = width % 2 ? 2 : 1;
      for (let row = 0; row < n * rows * columns; row++) {
        const image = Math.floor(row / (rows * columns));
        const y = Math.floor(row / columns) % rows, x = row % columns;
        for (let tap = 0; tap < TAPS * TAPS; tap++) {
          const to = 2 * y - top + Math.floor(tap / TAPS), at = 2 * x - left + tap % TAPS;
          if (to < 0 || to >= height || at < 0 || at >= width) continue;
          const pixel = ((image * height + to) * width + at) * outputs;
          const from = product + row * stride + tap * outputs;
          for (let c = 0; c < outputs; c++) out[pixel + c] += f32[from + c];
        }
      }
      return out;
    }

    function linear(layer, n) {
      const { outputs } = layer, stride = panelsOf(layer) * PANEL;
      const out = new Float32Array(n * outputs);
      for (let row = 0; row < n; row++) {
        for (let c = 0; c < outputs; c++) {
          out[row * outputs + c] = f32[product + row * stride + c] + layer.biases[c];
        }
      }
      return out;
    }

    function draw(z, y) {
      const n = z.length / network.z_dim;
      let h = z, size = [1, 1];
      layers.forEach(layer => {
        const rows = layer.kind === "up" ? size[0] * size[1] : 1;
        // The shares of classes are added to the channels at every position.
        const channels = layer.inputs - classes;
        for (let row = 0; row < n * rows; row++) {
          const at = input + row * layer.inputs, image = Math.floor(row / rows);
          f32.set(h.subarray(row * channels, (row + 1) * channels), at);
          if (classes) f32.set(y.subarray(image * classes, (image + 1) * classes), at + channels);
        }
        gemm(4 * input, 4 * layer.at, 4 * product, n * rows, layer.inputs, panelsOf(layer));
        h = layer.kind === "up" ? scatter(layer, size, n) : linear(layer, n);
        const activate = activations[layer.activation];
        for (let i = 0; i < h.length; i++) h[i] = activate(h[i]);
        size = layer.size;
      });
      const labelled = network.kind === "labelled";
      const scaled = labelled ? v => v * 255 : v => (v + 1) * 127.5;
      // Uint8ClampedArray itself rounds halves to even; the programs round them up.
      return Uint8ClampedArray.from(h, v => Math.floor(scaled(v) + 0.5));
    }

    return { draw, BATCH };
  }

  return { load };
})();
