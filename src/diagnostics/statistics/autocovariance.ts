/**
 * Moments and autocovariances of chains, each chain about its own mean.
 */

/** Lags summed one by one before all are computed at once, which costs about as much at 500 to 1000 draws. */
const directLags = 32;

/**
 * Mean of values; NaN for none. A second pass adds the mean residual, so that equal values give exactly that value
 * and chains that do not move have a variance of exactly zero.
 */
export function mean(values: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index];
  const first = sum / values.length;
  let residual = 0;
  for (let index = 0; index < values.length; index++) residual += values[index] - first;
  // An infinite draw makes the residual NaN; the mean is then infinite.
  return Number.isFinite(residual) ? first + residual / values.length : first;
}

/** Unbiased variance, Σ(x − x̄)² / (n − 1); NaN for fewer than two values. */
export function variance(values: Float64Array): number {
  const center = mean(values);
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += (values[index] - center) ** 2;
  return values.length > 1 ? sum / (values.length - 1) : Number.NaN;
}

/**
 * Autocovariance averaged over chains, on demand:
 *
 *   γ̄(t) = (1/M) Σ_m (1/N) Σ_{n < N−t} (x_{m,n} − x̄_m)(x_{m,n+t} − x̄_m)
 *
 * The divisor is N at every lag (Geyer 1992, §3.1), as in ArviZ. Geyer's truncation asks for few lags unless chains
 * mix slowly, so the first ones are sums, N·M products each; a later lag makes one pass of Fourier transforms,
 * M/2 + 1 of length ≥ 2N, after which every lag is known. Both paths agree to rounding.
 *
 * @param chains M chains of N draws.
 * @returns the chain means, length M, and γ̄ as a function of an integer lag in 0 … N−1.
 */
export function meanAutocovariance(chains: readonly Float64Array[]): {
  chainMeans: Float64Array;
  at: (lag: number) => number;
} {
  const chainMeans = Float64Array.from(chains, mean);
  const centered = chains.map((chain, index) => {
    const center = chainMeans[index];
    const result = new Float64Array(chain.length);
    for (let draw = 0; draw < chain.length; draw++) result[draw] = chain[draw] - center;
    return result;
  });
  let everyLag: Float64Array | undefined;
  return {
    chainMeans,
    at(lag) {
      if (everyLag === undefined && lag >= directLags) everyLag = summedAutocovariances(centered);
      const sum = everyLag === undefined ? summedProducts(centered, lag) : everyLag[lag];
      return sum / (chains.length * chains[0].length);
    },
  };
}

function summedProducts(centered: readonly Float64Array[], lag: number): number {
  let total = 0;
  for (const chain of centered) {
    const end = chain.length - lag;
    // Four sums, because the additions of one would wait for each other.
    let sum0 = 0;
    let sum1 = 0;
    let sum2 = 0;
    let sum3 = 0;
    let index = 0;
    for (; index + 3 < end; index += 4) {
      sum0 += chain[index] * chain[index + lag];
      sum1 += chain[index + 1] * chain[index + 1 + lag];
      sum2 += chain[index + 2] * chain[index + 2 + lag];
      sum3 += chain[index + 3] * chain[index + 3 + lag];
    }
    for (; index < end; index++) sum0 += chain[index] * chain[index + lag];
    total += sum0 + sum1 + (sum2 + sum3);
  }
  return total;
}

/**
 * Σ_m Σ_n x_{m,n} x_{m,n+t} for every lag t, by the Wiener–Khinchin theorem.
 *
 * Two chains share one transform: for z = a + ib the inverse transform of |ẑ|² has the real part
 * (autocovariance of a) + (autocovariance of b), and only the sum over chains is wanted.
 */
function summedAutocovariances(centered: readonly Float64Array[]): Float64Array {
  const draws = centered[0].length;
  // Zeros up to twice the length keep the circular correlation from wrapping around.
  let size = 2;
  while (size < 2 * draws) size *= 2;
  const roots = rootsOfUnity(size);
  const power = new Float64Array(size);
  for (let chain = 0; chain < centered.length; chain += 2) {
    const real = new Float64Array(size);
    const imaginary = new Float64Array(size);
    real.set(centered[chain]);
    if (chain + 1 < centered.length) imaginary.set(centered[chain + 1]);
    fourierTransformInto(real, imaginary, roots);
    for (let index = 0; index < size; index++) power[index] += real[index] ** 2 + imaginary[index] ** 2;
  }
  // Forward instead of inverse: it gives the complex conjugate, and only the real part is used.
  fourierTransformInto(power, new Float64Array(size), roots);
  for (let lag = 0; lag < draws; lag++) power[lag] /= size;
  return power.subarray(0, draws);
}

/** cos and −sin of 2πk / size, k < size / 2. */
function rootsOfUnity(size: number): { cosines: Float64Array; sines: Float64Array } {
  const cosines = new Float64Array(size / 2);
  const sines = new Float64Array(size / 2);
  for (let index = 0; index < size / 2; index++) {
    cosines[index] = Math.cos((2 * Math.PI * index) / size);
    sines[index] = -Math.sin((2 * Math.PI * index) / size);
  }
  return { cosines, sines };
}

/**
 * Discrete Fourier transform in place, X_k = Σ_n x_n exp(−2πi kn / size); radix 2, after Cooley & Tukey (1965).
 *
 * @param real real parts, length a power of two; overwritten.
 * @param imaginary imaginary parts, same length; overwritten.
 * @param roots those of the same length.
 */
function fourierTransformInto(
  real: Float64Array,
  imaginary: Float64Array,
  { cosines, sines }: ReturnType<typeof rootsOfUnity>,
): void {
  const size = real.length;
  for (let index = 1, reversed = 0; index < size; index++) {
    let bit = size >> 1;
    for (; reversed & bit; bit >>= 1) reversed ^= bit;
    reversed ^= bit;
    if (index < reversed) {
      const swappedReal = real[index];
      real[index] = real[reversed];
      real[reversed] = swappedReal;
      const swappedImaginary = imaginary[index];
      imaginary[index] = imaginary[reversed];
      imaginary[reversed] = swappedImaginary;
    }
  }
  for (let half = 1; half < size; half *= 2) {
    const stride = size / (2 * half);
    for (let start = 0; start < size; start += 2 * half) {
      for (let offset = 0; offset < half; offset++) {
        const cosine = cosines[offset * stride];
        const sine = sines[offset * stride];
        const upper = start + offset;
        const lower = upper + half;
        const turnedReal = real[lower] * cosine - imaginary[lower] * sine;
        const turnedImaginary = real[lower] * sine + imaginary[lower] * cosine;
        real[lower] = real[upper] - turnedReal;
        imaginary[lower] = imaginary[upper] - turnedImaginary;
        real[upper] += turnedReal;
        imaginary[upper] += turnedImaginary;
      }
    }
  }
}
