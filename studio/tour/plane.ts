import type { Matrix } from "../../src/linalg/matrix.ts";
import { symmetricEigen } from "../../src/linalg/symmetric-eigen.ts";

/** A plane around a point, drawn on a canvas with the same scale across and up. */
export class Plane {
  constructor(
    readonly context: CanvasRenderingContext2D,
    readonly width: number,
    readonly height: number,
    readonly center: readonly [number, number],
    /** From the centre to the nearer edges. */
    readonly radius: number,
  ) {}

  private get unit(): number {
    return Math.min(this.width, this.height) / 2 / this.radius;
  }

  place([x, y]: readonly [number, number]): [number, number] {
    return [this.width / 2 + (x - this.center[0]) * this.unit, this.height / 2 - (y - this.center[1]) * this.unit];
  }

  /** Where (θ − center)ᵀ Σ⁻¹ (θ − center) is `sds`². */
  ellipse(
    covariance: Matrix,
    { colour, sds = 2, width = 2.5, dash = [] as number[] }: EllipseStyle,
    center = this.center,
  ): void {
    const { values, vectors } = symmetricEigen(covariance);
    const { context, unit } = this;
    const [x, y] = this.place(center);
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.setLineDash(dash);
    context.beginPath();
    const last = values.length - 1;
    const angle = -Math.atan2(vectors.data[2 + last], vectors.data[last]);
    context.ellipse(
      x,
      y,
      sds * unit * Math.sqrt(values[last]),
      sds * unit * Math.sqrt(Math.max(0, values[0])),
      angle,
      0,
      2 * Math.PI,
    );
    context.stroke();
    context.setLineDash([]);
  }

  /** Points x, y in turn, the first `count` of them. */
  points(values: ArrayLike<number>, count: number, colour: string, size = 2.2, alpha = 0.5): void {
    const { context } = this;
    context.fillStyle = colour;
    context.globalAlpha = alpha;
    for (let k = 0; k < count; k++) {
      const [x, y] = this.place([values[2 * k], values[2 * k + 1]]);
      context.fillRect(x - size / 2, y - size / 2, size, size);
    }
    context.globalAlpha = 1;
  }

  path(values: ArrayLike<number>, count: number, colour: string): void {
    const { context } = this;
    context.strokeStyle = colour;
    context.lineWidth = 1.2;
    context.beginPath();
    for (let k = 0; k < count; k++) {
      const [x, y] = this.place([values[2 * k], values[2 * k + 1]]);
      if (k === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
    context.stroke();
  }

  dot(at: readonly [number, number], colour: string, size = 5): void {
    const [x, y] = this.place(at);
    this.context.fillStyle = colour;
    this.context.beginPath();
    this.context.arc(x, y, size, 0, 2 * Math.PI);
    this.context.fill();
  }
}

interface EllipseStyle {
  readonly colour: string;
  readonly sds?: number;
  readonly width?: number;
  readonly dash?: number[];
}

/** The last points of a process, x and y in turn: of more the oldest go. */
export class Trail {
  readonly values: Float64Array;
  count = 0;
  private next = 0;

  constructor(readonly most: number) {
    this.values = new Float64Array(2 * most);
  }

  add([x, y]: readonly [number, number]): void {
    this.values[2 * this.next] = x;
    this.values[2 * this.next + 1] = y;
    this.next = (this.next + 1) % this.most;
    this.count = Math.min(this.most, this.count + 1);
  }

  clear(): void {
    this.count = 0;
    this.next = 0;
  }

  /** In the order in which they came. */
  ordered(): Float64Array {
    if (this.count < this.most) return this.values.subarray(0, 2 * this.count);
    const split = 2 * this.next;
    const all = new Float64Array(2 * this.most);
    all.set(this.values.subarray(split));
    all.set(this.values.subarray(0, split), 2 * this.most - split);
    return all;
  }
}
