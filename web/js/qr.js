/**
 * A QR code (ISO/IEC 18004, model 2) for a short text: bytes, error correction M, versions 1 to 10.
 *
 * Pure: text in, rows of dark and light out.
 */

/** @typedef {boolean[][]} Matrix rows of modules; true is dark */

// Per version, for error correction M: check words per block, then blocks of each length as
// [count, data words] (ISO/IEC 18004, table 9).
/** @type {readonly {check: number, blocks: readonly (readonly [number, number])[]}[]} */
const VERSIONS = [
  { check: 10, blocks: [[1, 16]] },
  { check: 16, blocks: [[1, 28]] },
  { check: 26, blocks: [[1, 44]] },
  { check: 18, blocks: [[2, 32]] },
  { check: 24, blocks: [[2, 43]] },
  { check: 16, blocks: [[4, 27]] },
  { check: 18, blocks: [[4, 31]] },
  { check: 22, blocks: [[2, 38], [2, 39]] },
  { check: 22, blocks: [[3, 36], [2, 37]] },
  { check: 26, blocks: [[4, 43], [1, 44]] },
];

// Centres of the alignment patterns (annex E).
const ALIGNMENT = [
  [], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34],
  [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50],
];

/** @type {readonly ((row: number, column: number) => boolean)[]} */
const MASKS = [
  (r, c) => (r + c) % 2 === 0,
  (r) => r % 2 === 0,
  (_, c) => c % 3 === 0,
  (r, c) => (r + c) % 3 === 0,
  (r, c) => (Math.floor(r / 2) + Math.floor(c / 3)) % 2 === 0,
  (r, c) => ((r * c) % 2) + ((r * c) % 3) === 0,
  (r, c) => (((r * c) % 2) + ((r * c) % 3)) % 2 === 0,
  (r, c) => (((r + c) % 2) + ((r * c) % 3)) % 2 === 0,
];

/**
 * @param {string} text at most 213 bytes of UTF-8
 * @returns {Matrix} without the quiet zone
 * @throws {RangeError} if the text is longer
 */
export function qrMatrix(text) {
  const bytes = new TextEncoder().encode(text);
  const version = smallestVersion(bytes.length);
  const words = interleaved(dataWords(bytes, version), version);
  const drawn = MASKS.map((_, mask) => drawing(version, words, mask));
  return drawn.reduce((best, next) => (penalty(next) < penalty(best) ? next : best));
}

/**
 * The dark modules as the `d` of an SVG path, one unit each, moved by the quiet zone.
 *
 * @param {Matrix} matrix
 * @param {number} quiet
 */
export function svgPath(matrix, quiet) {
  return matrix
    .flatMap((row, y) => row.map((dark, x) => (dark ? `M${x + quiet} ${y + quiet}h1v1h-1z` : "")))
    .join("");
}

/** @param {number} version */
const plan = (version) => /** @type {typeof VERSIONS[number]} */ (VERSIONS[version - 1]);

/** @param {number} version */
const capacity = (version) =>
  plan(version).blocks.reduce((sum, [count, length]) => sum + count * length, 0);

/** @param {number} version */
const countBits = (version) => (version < 10 ? 8 : 16);

/** @param {number} length */
function smallestVersion(length) {
  for (let version = 1; version <= VERSIONS.length; version += 1) {
    if (4 + countBits(version) + 8 * length <= 8 * capacity(version)) return version;
  }
  throw new RangeError("The text is too long for the QR codes made here.");
}

/**
 * Mode, length, text, terminator and padding (7.4).
 *
 * @param {Uint8Array} bytes
 * @param {number} version
 */
function dataWords(bytes, version) {
  const size = capacity(version);
  const bits = [0, 1, 0, 0];
  const append = (/** @type {number} */ value, /** @type {number} */ width) => {
    for (let bit = width - 1; bit >= 0; bit -= 1) bits.push((value >> bit) & 1);
  };
  append(bytes.length, countBits(version));
  for (const byte of bytes) append(byte, 8);
  append(0, Math.min(4, size * 8 - bits.length));
  append(0, (8 - (bits.length % 8)) % 8);
  for (let pad = 0xec; bits.length < size * 8; pad ^= 0xec ^ 0x11) append(pad, 8);
  return packed(bits);
}

/** @param {number[]} bits */
function packed(bits) {
  const words = new Array(bits.length / 8).fill(0);
  bits.forEach((bit, index) => {
    words[index >> 3] |= bit << (7 - (index & 7));
  });
  return words;
}

/**
 * Blocks with their check words, word by word in turn (7.6).
 *
 * @param {number[]} words
 * @param {number} version
 */
function interleaved(words, version) {
  const { check, blocks } = plan(version);
  const lengths = blocks.flatMap(([count, length]) => new Array(count).fill(length));
  let start = 0;
  const data = lengths.map((length) => words.slice(start, (start += length)));
  const checks = data.map((block) => checkWords(block, check));
  return [...inTurn(data), ...inTurn(checks)];
}

/** @param {number[][]} blocks */
function inTurn(blocks) {
  const longest = Math.max(...blocks.map((block) => block.length));
  const found = [];
  for (let index = 0; index < longest; index += 1) {
    for (const block of blocks) {
      const word = block[index];
      if (word !== undefined) found.push(word);
    }
  }
  return found;
}

/**
 * Product in GF(256) with the polynomial 0x11d.
 *
 * @param {number} left
 * @param {number} right
 */
function product(left, right) {
  let found = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    found = (found << 1) ^ ((found >> 7) * 0x11d);
    found ^= ((right >> bit) & 1) * left;
  }
  return found;
}

/**
 * Reed-Solomon remainder (7.5).
 *
 * @param {number[]} block
 * @param {number} count
 */
function checkWords(block, count) {
  const divisor = generator(count);
  const rest = new Array(count).fill(0);
  for (const word of block) {
    const factor = word ^ rest.shift();
    rest.push(0);
    divisor.forEach((coefficient, index) => {
      rest[index] ^= product(coefficient, factor);
    });
  }
  return rest;
}

/** @param {number} degree */
function generator(degree) {
  const found = new Array(degree).fill(0);
  found[degree - 1] = 1;
  let root = 1;
  for (let round = 0; round < degree; round += 1) {
    for (let index = 0; index < degree; index += 1) {
      found[index] = product(found[index], root) ^ (found[index + 1] ?? 0);
    }
    root = product(root, 2);
  }
  return found;
}

/**
 * The symbol under one mask.
 *
 * @param {number} version
 * @param {number[]} words
 * @param {number} mask
 * @returns {Matrix}
 */
function drawing(version, words, mask) {
  const symbol = new Drawing(version);
  symbol.drawFunctionPatterns(mask);
  symbol.drawWords(words, /** @type {typeof MASKS[number]} */ (MASKS[mask]));
  return symbol.dark;
}

/** A square that is being drawn; remembers which modules carry no data. */
class Drawing {
  /** @param {number} version */
  constructor(version) {
    this.version = version;
    this.size = 17 + 4 * version;
    /** @type {Matrix} */
    this.dark = Array.from({ length: this.size }, () => new Array(this.size).fill(false));
    /** @type {Matrix} */
    this.taken = Array.from({ length: this.size }, () => new Array(this.size).fill(false));
  }

  /** @param {number} mask */
  drawFunctionPatterns(mask) {
    for (let index = 0; index < this.size; index += 1) {
      this.set(6, index, index % 2 === 0);
      this.set(index, 6, index % 2 === 0);
    }
    this.drawAlignment();
    for (const [row, column] of [[3, 3], [3, this.size - 4], [this.size - 4, 3]]) {
      this.drawFinder(Number(row), Number(column));
    }
    this.drawFormat(mask);
    this.drawVersion();
  }

  /**
   * @param {number} row
   * @param {number} column
   * @param {boolean} dark
   */
  set(row, column, dark) {
    const darkRow = this.dark[row];
    const takenRow = this.taken[row];
    if (!darkRow || !takenRow || column < 0 || column >= this.size) return;
    darkRow[column] = dark;
    takenRow[column] = true;
  }

  /**
   * @param {number} row
   * @param {number} column
   */
  drawFinder(row, column) {
    for (let down = -4; down <= 4; down += 1) {
      for (let right = -4; right <= 4; right += 1) {
        const ring = Math.max(Math.abs(down), Math.abs(right));
        this.set(row + down, column + right, ring !== 2 && ring !== 4);
      }
    }
  }

  drawAlignment() {
    const centres = ALIGNMENT[this.version - 1] ?? [];
    const last = centres.length - 1;
    centres.forEach((row, i) => {
      centres.forEach((column, j) => {
        const inFinder = (i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0);
        if (!inFinder) this.drawAlignmentAt(row, column);
      });
    });
  }

  /**
   * @param {number} row
   * @param {number} column
   */
  drawAlignmentAt(row, column) {
    for (let down = -2; down <= 2; down += 1) {
      for (let right = -2; right <= 2; right += 1) {
        const ring = Math.max(Math.abs(down), Math.abs(right));
        this.set(row + down, column + right, ring !== 1);
      }
    }
  }

  /**
   * Error correction and mask, twice (7.9); M is 00.
   *
   * @param {number} mask
   */
  drawFormat(mask) {
    const bits = ((mask << 10) | remainder(mask, 10, 0x537)) ^ 0x5412;
    const bit = (/** @type {number} */ index) => ((bits >> index) & 1) === 1;
    const edge = this.size - 1;
    for (let index = 0; index < 15; index += 1) {
      this.set(index < 6 ? index : index < 8 ? index + 1 : edge - 14 + index, 8, bit(index));
      const column = index < 8 ? edge - index : index === 8 ? 7 : 14 - index;
      this.set(8, column, bit(index));
    }
    this.set(this.size - 8, 8, true);
  }

  drawVersion() {
    if (this.version < 7) return;
    const bits = (this.version << 12) | remainder(this.version, 12, 0x1f25);
    for (let index = 0; index < 18; index += 1) {
      const dark = ((bits >> index) & 1) === 1;
      const far = this.size - 11 + (index % 3);
      const near = Math.floor(index / 3);
      this.set(far, near, dark);
      this.set(near, far, dark);
    }
  }

  /**
   * Upwards and downwards in columns of two, from the right (7.7.3).
   *
   * @param {number[]} words
   * @param {typeof MASKS[number]} masked
   */
  drawWords(words, masked) {
    let index = 0;
    for (let right = this.size - 1; right > 0; right -= 2) {
      if (right === 6) right = 5;
      const upwards = ((right + 1) & 2) === 0;
      for (let step = 0; step < this.size; step += 1) {
        const row = upwards ? this.size - 1 - step : step;
        for (const column of [right, right - 1]) {
          if (this.taken[row]?.[column]) continue;
          const bit = ((words[index >> 3] ?? 0) >> (7 - (index & 7))) & 1;
          /** @type {boolean[]} */ (this.dark[row])[column] = (bit === 1) !== masked(row, column);
          index += 1;
        }
      }
    }
  }
}

/**
 * Remainder of `value` shifted by `width`, as polynomials over GF(2).
 *
 * @param {number} value
 * @param {number} width
 * @param {number} divisor
 */
function remainder(value, width, divisor) {
  let rest = value;
  for (let round = 0; round < width; round += 1) {
    rest = (rest << 1) ^ ((rest >> (width - 1)) * divisor);
  }
  return rest;
}

/**
 * How hard the symbol is to read (7.8.3): long runs, blocks, finder look-alikes, imbalance.
 *
 * @param {Matrix} dark
 */
function penalty(dark) {
  const columns = dark.map((_, index) => dark.map((row) => row[index] ?? false));
  const lines = [...dark, ...columns].map((line) => line.map((on) => (on ? "1" : "0")).join(""));
  const share = dark.flat().filter(Boolean).length / dark.length ** 2;
  return (
    lines.reduce((sum, line) => sum + runs(line) + lookAlikes(line), 0) +
    3 * squares(dark) +
    10 * Math.floor(Math.abs(share - 0.5) / 0.05)
  );
}

/** @param {string} line */
function runs(line) {
  const found = line.match(/0{5,}|1{5,}/g) ?? [];
  return found.reduce((sum, run) => sum + run.length - 2, 0);
}

/** @param {string} line */
function lookAlikes(line) {
  let count = 0;
  for (let start = 0; start + 11 <= line.length; start += 1) {
    const part = line.slice(start, start + 11);
    if (part === "10111010000" || part === "00001011101") count += 1;
  }
  return 40 * count;
}

/** @param {Matrix} dark */
function squares(dark) {
  let count = 0;
  for (let row = 1; row < dark.length; row += 1) {
    const above = dark[row - 1] ?? [];
    const here = dark[row] ?? [];
    for (let column = 1; column < here.length; column += 1) {
      const same = here[column] === here[column - 1];
      if (same && above[column] === here[column] && above[column - 1] === here[column]) count += 1;
    }
  }
  return count;
}
