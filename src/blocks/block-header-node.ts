import { crc32 } from "node:zlib";

/** What stands before a block's rows: which block of which rows it is, and what they add up to. */
export interface BlockHeader {
  /** 32 bytes in hexadecimal digits: of which rows. */
  readonly identity: string;
  readonly block: number;
  readonly numRows: number;
  readonly stride: number;
  readonly checksum: number;
}

export const headerBytes = 64;
const magic = "ornsteinblocks01";

/** CRC-32 of rows, by zlib. */
export const checksumOf = (rows: Uint8Array): number => crc32(rows);

export function writeHeader({ identity, block, numRows, stride, checksum }: BlockHeader): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.write(magic, 0, "latin1");
  header.write(identity, 16, 32, "hex");
  [block, numRows, stride, checksum].forEach((value, k) => {
    header.writeUInt32LE(value, 48 + 4 * k);
  });
  return header;
}

/** Undefined where no such header stands there. */
export function readHeader(header: Buffer): BlockHeader | undefined {
  if (header.length < headerBytes || header.toString("latin1", 0, 16) !== magic) return undefined;
  const [block, numRows, stride, checksum] = [0, 1, 2, 3].map((k) => header.readUInt32LE(48 + 4 * k));
  return { identity: header.toString("hex", 16, 48), block, numRows, stride, checksum };
}
