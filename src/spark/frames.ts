/** What goes between a part's worker and whoever feeds it: a length, a text as JSON, and bytes beside it. */
export interface Frame {
  readonly content: unknown;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Two u32, little endian: bytes of the text and of the data. */
const headBytes = 8;

export function encodeFrame(content: unknown, data: ArrayBufferView<ArrayBuffer> = new Uint8Array()): Uint8Array[] {
  const text = new TextEncoder().encode(JSON.stringify(content));
  const head = new Uint8Array(headBytes);
  const view = new DataView(head.buffer);
  view.setUint32(0, text.length, true);
  view.setUint32(4, data.byteLength, true);
  return [head, text, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)];
}

/** Cuts a stream of bytes into frames. @throws Error where it ends within one */
export async function* framesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  const reader = new ByteReader(bytes);
  for (;;) {
    const head = await reader.read(headBytes);
    if (!head) return;
    const view = new DataView(head.buffer);
    const text = await reader.read(view.getUint32(0, true));
    const data = await reader.read(view.getUint32(4, true));
    if (!text || !data) throw new Error("A message is cut short.");
    yield { content: JSON.parse(new TextDecoder().decode(text)), data };
  }
}

/** Reads so many bytes and no more, whatever sizes they arrive in. */
class ByteReader {
  private readonly chunks: AsyncIterator<Uint8Array>;
  private rest: Uint8Array = new Uint8Array();

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.chunks = bytes[Symbol.asyncIterator]();
  }

  /** Nothing at the end of the stream. */
  async read(count: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const result = new Uint8Array(count);
    for (let filled = 0; filled < count; ) {
      if (this.rest.length === 0) {
        const { done, value } = await this.chunks.next();
        if (done) {
          if (filled > 0) throw new Error("A message is cut short.");
          return undefined;
        }
        this.rest = value;
      }
      const part = this.rest.subarray(0, count - filled);
      result.set(part, filled);
      this.rest = this.rest.subarray(part.length);
      filled += part.length;
    }
    return result;
  }
}
