/** Tables of the ziggurat for the standard normal. */
export interface ZigguratTables {
  /** 128: a point of a layer lies under the density for certain where its 32-bit word is below this. */
  readonly thresholds: Uint32Array;
  /** 128: the layers' widths, times 2⁻³². */
  readonly scales: Float64Array;
  /** 129: exp(−x²/2) at the layers' right edges, and 1 at the top. */
  readonly heights: Float64Array;
  /** Where the tail begins. */
  readonly edge: number;
}

/**
 * 128 layers of equal area, the lowest of which holds the tail. Marsaglia and Tsang, The ziggurat method for generating
 * random variables, J. Stat. Softw. 5 (2000), with the constants and the correction of Doornik (2005): the layer's
 * number and the abscissa come from different random bits.
 */
export const zigguratTables: ZigguratTables = createTables();

function createTables(): ZigguratTables {
  const layers = 128;
  const edge = 3.442619855899;
  const area = 9.91256303526217e-3;
  const density = (x: number) => Math.exp(-0.5 * x * x);
  const edges = new Float64Array(layers + 1);
  edges[0] = area / density(edge);
  edges[1] = edge;
  for (let i = 2; i < layers; i++) edges[i] = Math.sqrt(-2 * Math.log(area / edges[i - 1] + density(edges[i - 1])));
  return {
    thresholds: Uint32Array.from({ length: layers }, (_, i) => Math.ceil((edges[i + 1] / edges[i]) * 2 ** 32 - 0.5)),
    scales: edges.slice(0, layers).map((x) => x * 2 ** -32),
    heights: edges.map(density),
    edge,
  };
}
