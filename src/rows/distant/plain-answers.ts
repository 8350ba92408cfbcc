import { matrix } from "../../linalg/matrix.ts";
import type { Around } from "../block-influences.ts";
import type { PassRequest, RowSums } from "../rows.ts";
import type { PlainAround, RowQuestion } from "./questions.ts";

/** What a part answers. */
export interface Answer {
  readonly content: unknown;
  readonly data: ArrayBufferView<ArrayBuffer>;
}

export function aroundOf({ center, factor, covariance }: PlainAround, dimension: number): Around {
  const square = (values: readonly number[]) => matrix(dimension, dimension, Float64Array.from(values));
  return { center, law: { factor: square(factor), covariance: square(covariance) } };
}

/** What is summed beside loss and gradient. */
export function requestOf({ gram, isDiagonal, center }: Extract<RowQuestion, { readonly kind: "sums" }>): PassRequest {
  if (gram === "none") return { gram };
  if (gram !== "squared-residual") return { gram, isDiagonal };
  if (!center) throw new TypeError("Residuals are of a center.");
  return { gram, isDiagonal, center };
}

export function answerOfSums({ count, loss, gradient, gram, diagonal }: RowSums): Answer {
  const ofGram = diagonal.length > 0 ? diagonal : gram.data;
  const data = new Float64Array(2 + gradient.length + ofGram.length);
  data.set([count, loss]);
  data.set(gradient, 2);
  data.set(ofGram, 2 + gradient.length);
  return { content: null, data };
}
