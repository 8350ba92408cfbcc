import { writeFile } from "node:fs/promises";
import { InputError } from "../../src/errors.ts";
import { writeWhole } from "../../src/persistence/whole-files-node.ts";
import { optionalPackage } from "../../src/table/optional-package.ts";
import { writeText } from "./outputs.ts";
import { isStandardOutput } from "./standard-output.ts";

const formats = ["svg", "png", "html"] as const;
type PictureFormat = (typeof formats)[number];

/** By the file's ending. @throws InputError where it is another */
export function pictureFormatOf(path: string): PictureFormat {
  if (isStandardOutput(path)) return "svg";
  const ending = path.split(".").at(-1)?.toLowerCase();
  const found = formats.find((format) => format === ending);
  if (!found) throw new InputError(`A picture is .svg, .png or .html, and ${path} ends otherwise.`);
  return found;
}

/** Pixels of a PNG for one of the SVG. */
const zoom = 2;

export async function writePicture(path: string, svg: string, format: PictureFormat, title: string): Promise<void> {
  if (format === "svg") return writeText(path, svg);
  if (format === "html") return writeText(path, pageOf(svg, title));
  const { Resvg } = await optionalPackage("@resvg/resvg-js", "A PNG", () => import("@resvg/resvg-js"));
  // Resvg takes generic families by name; where there is no such font it takes any.
  const family = process.platform === "linux" ? "DejaVu Sans" : "Arial";
  const font = { loadSystemFonts: true, sansSerifFamily: family, defaultFontFamily: family };
  const png = new Resvg(svg, { font, fitTo: { mode: "zoom", value: zoom } }).render().asPng();
  await writeWhole(path, (temporary) => writeFile(temporary, png));
}

const escaped = (text: string) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

function pageOf(svg: string, title: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>body { margin: 1em auto; max-width: max-content } svg { max-width: 100%; height: auto }</style>
${svg}</html>
`;
}
