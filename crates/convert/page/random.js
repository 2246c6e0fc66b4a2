// The random numbers of dcgan: the same z for the same seed and image as `dcgan-sample`.
"use strict";

const Random = (() => {
  /** SHA-256 (FIPS 180-4) of bytes, as 32 bytes. `crypto.subtle` is missing on file:// pages. */
  function sha256(bytes) {
    const primes = [];
    for (let n = 2; primes.length < 64; n++) if (primes.every(p => n % p)) primes.push(n);
    const fraction = x => Math.floor((x - Math.floor(x)) * 2 ** 32);
    const k = primes.map(p => fraction(Math.cbrt(p)));
    const h = primes.slice(0, 8).map(p => fraction(Math.sqrt(p)));
    const padded = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64);
    padded.set(bytes);
    padded[bytes.length] = 0x80;
    const view = new DataView(padded.buffer);
    view.setUint32(padded.length - 4, bytes.length * 8);
    const turn = (x, n) => (x >>> n) | (x << (32 - n));
    const w = new Uint32Array(64);
    for (let block = 0; block < padded.length; block += 64) {
      for (let i = 0; i < 16; i++) w[i] = view.getUint32(block + 4 * i);
      for (let i = 16; i < 64; i++) {
        const a = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ (w[i - 15] >>> 3);
        const b = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ (w[i - 2] >>> 10);
        w[i] = w[i - 16] + a + w[i - 7] + b;
      }
      let [a, b, c, d, e, f, g, last] = h;
      for (let i = 0; i < 64; i++) {
        const choice = (e & f) ^ (~e & g);
        const t = last + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + choice + k[i] + w[i];
        const majority = (a & b) ^ (a & c) ^ (b & c);
        const u = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + majority;
        [last, g, f, e, d, c, b, a] = [g, f, e, (d + t) >>> 0, c, b, a, (t + u) >>> 0];
      }
      [a, b, c, d, e, f, g, last].forEach((x, i) => { h[i] = (h[i] + x) >>> 0; });
    }
    const digest = new DataView(new ArrayBuffer(32));
    h.forEach((x, i) => digest.setUint32(4 * i, x));
    return new Uint8Array(digest.buffer);
  }

  const little = x => Uint8Array.from({ length: 8 }, (_, i) => Number((x >> BigInt(8 * i)) & 255n));

  /** The first n words of a stream: ChaCha8 (Bernstein 2008) with a hashed key. */
  function words(seed, purpose, index, n) {
    const text = [...`dcgan\0${purpose}\0`].map(c => c.charCodeAt(0));
    // The last four bytes count the roll-backs of a training: none.
    const digest = sha256(Uint8Array.from([...text, ...little(seed), 0, 0, 0, 0]));
    const key = new DataView(digest.buffer);
    const state = new Uint32Array(16);
    state.set([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]);
    for (let i = 0; i < 8; i++) state[4 + i] = key.getUint32(4 * i, true);
    state[14] = Number(index & 0xffffffffn);
    state[15] = Number(index >> 32n);
    const x = new Uint32Array(16), found = new Uint32Array(Math.ceil(n / 16) * 16);
    const turn = (i, n) => { x[i] = (x[i] << n) | (x[i] >>> (32 - n)); };
    const quarter = (a, b, c, d) => {
      x[a] += x[b]; x[d] ^= x[a]; turn(d, 16);
      x[c] += x[d]; x[b] ^= x[c]; turn(b, 12);
      x[a] += x[b]; x[d] ^= x[a]; turn(d, 8);
      x[c] += x[d]; x[b] ^= x[c]; turn(b, 7);
    };
    for (let block = 0; 16 * block < n; block++) {
      state[12] = block;
      x.set(state);
      for (let round = 0; round < 4; round++) {
        for (let i = 0; i < 4; i++) quarter(i, 4 + i, 8 + i, 12 + i);
        for (let i = 0; i < 4; i++) quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
      }
      for (let i = 0; i < 16; i++) found[16 * block + i] = x[i] + state[i];
    }
    return found.subarray(0, n);
  }

  /**
   * z of image `index` of `seed` (both BigInt), Float32Array of `network.z_dim` values in the
   * distribution that the network was trained with.
   */
  function latent(network, seed, index) {
    const n = network.z_dim, even = n + n % 2;
    const drawn = words(seed, "sample-latent", index, even);
    const uniform = Array.from(drawn, word => (word >>> 8) / 2 ** 24);
    if (network.z_distribution === "uniform_0_1") return Float32Array.from(uniform.slice(0, n));
    if (network.z_distribution === "uniform") {
      return Float32Array.from(uniform.slice(0, n), u => u * 2 - 1);
    }
    // Normal: Box and Muller (1958), in float64 and rounded once.
    const z = new Float32Array(even);
    for (let i = 0; i < even; i += 2) {
      const radius = Math.sqrt(-2 * Math.log(1 - uniform[i])), angle = 2 * Math.PI * uniform[i + 1];
      z[i] = radius * Math.cos(angle);
      z[i + 1] = radius * Math.sin(angle);
    }
    return z.subarray(0, n);
  }

  return { latent };
})();
