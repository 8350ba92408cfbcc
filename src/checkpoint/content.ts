/**
 * What a plain value holds, piece by piece: the same for equal values. The engine's own serialisation is not, as it writes the number 2 in
 * one way or another by how it happens to hold it, and keys made of that differ from run to run.
 */
export function* contentOf(value: unknown): Generator<string | ArrayBufferView> {
  if (ArrayBuffer.isView(value)) {
    yield `${Object.prototype.toString.call(value)} ${value.byteLength} `;
    yield value;
  } else if (Array.isArray(value)) {
    yield `[${value.length} `;
    for (const item of value) yield* contentOf(item);
  } else if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    yield `{${entries.length} `;
    for (const [name, item] of entries) {
      yield `${JSON.stringify(name)} `;
      yield* contentOf(item);
    }
  } else {
    yield `${typeof value} ${Object.is(value, -0) ? "-0" : JSON.stringify(String(value))} `;
  }
}
