/** Points in a plane, drawn by the GPU where there is one, else by the processor. */
export interface PointPicture {
  /** Draws the points of the window's part of the plane. */
  draw(window: Window2D, colour: string): void;
  readonly isByGpu: boolean;
  /** Gives back what it holds of the GPU, of which a page has few. */
  close(): void;
}

/** The part of the plane that is seen. */
export interface Window2D {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const vertexShader = `
attribute vec2 place;
uniform vec4 seen;
uniform float size;
void main() { gl_Position = vec4(2.0 * (place - seen.xy) / seen.zw - 1.0, 0.0, 1.0); gl_PointSize = size; }
`;
const fragmentShader = `
precision mediump float;
uniform vec4 colour;
void main() {
  if (length(gl_PointCoord - 0.5) > 0.5) discard;
  gl_FragColor = colour;
}
`;

const alphaOf = (count: number) => Math.min(0.8, Math.max(0.08, 30 / Math.sqrt(count)));
const pixels = 2.5;

/**
 * @param points x and y in turn; near 0 and of size 1, as a GPU has single precision
 */
export function pictureOfPoints(canvas: HTMLCanvasElement, points: Float32Array): PointPicture {
  const gl = canvas.getContext("webgl", { antialias: false, premultipliedAlpha: false, preserveDrawingBuffer: true });
  return gl ? byGpu(gl, points) : byProcessor(canvas, points);
}

function byGpu(gl: WebGLRenderingContext, points: Float32Array): PointPicture {
  const program = gl.createProgram()!;
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, vertexShader],
    [gl.FRAGMENT_SHADER, fragmentShader],
  ] as const) {
    const shader = gl.createShader(kind)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  gl.useProgram(program);
  gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ARRAY_BUFFER, points, gl.STATIC_DRAW);
  const place = gl.getAttribLocation(program, "place");
  gl.enableVertexAttribArray(place);
  gl.vertexAttribPointer(place, 2, gl.FLOAT, false, 0, 0);
  gl.enable(gl.BLEND);
  gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  const count = points.length / 2;
  return {
    isByGpu: true,
    close: () => gl.getExtension("WEBGL_lose_context")?.loseContext(),
    draw({ x, y, width, height }, colour) {
      gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.uniform4f(gl.getUniformLocation(program, "seen"), x, y, width, height);
      gl.uniform1f(gl.getUniformLocation(program, "size"), pixels * (globalThis.devicePixelRatio || 1));
      const [r, g, b] = partsOf(colour);
      gl.uniform4f(gl.getUniformLocation(program, "colour"), r / 255, g / 255, b / 255, alphaOf(count));
      gl.drawArrays(gl.POINTS, 0, count);
    },
  };
}

/** Points that are drawn at once, so that each piece takes a few milliseconds. */
const piece = 10_000;

function byProcessor(canvas: HTMLCanvasElement, points: Float32Array): PointPicture {
  const context = canvas.getContext("2d")!;
  const count = points.length / 2;
  let run = 0;
  return {
    isByGpu: false,
    close: () => void run++,
    draw({ x, y, width, height }, colour) {
      const own = ++run;
      const size = pixels * (globalThis.devicePixelRatio || 1);
      context.clearRect(0, 0, canvas.width, canvas.height);
      context.fillStyle = colour;
      context.globalAlpha = alphaOf(count);
      const some = (from: number) => {
        // Another picture was begun meanwhile.
        if (own !== run) return;
        const to = Math.min(count, from + piece);
        for (let k = from; k < to; k++)
          context.fillRect(
            ((points[2 * k] - x) / width) * canvas.width - size / 2,
            (1 - (points[2 * k + 1] - y) / height) * canvas.height - size / 2,
            size,
            size,
          );
        if (to < count) requestAnimationFrame(() => some(to));
      };
      some(0);
    },
  };
}

/** Red, green and blue of #rrggbb. */
function partsOf(colour: string): [number, number, number] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}
