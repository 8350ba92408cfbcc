/** Colours that people with any colour vision tell apart (Okabe & Ito 2008), black first. */
export const palette = ["#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"] as const;
export const ink = { text: "#222", faint: "#777", line: "#ddd", main: palette[1], other: palette[2] } as const;

export const fontSize = 12;
/** About the width of a character. */
export const characterWidth = 0.56 * fontSize;

/** A text of so many characters at most. */
export function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/** The same by leaving out of the middle, as names often differ at their ends. */
export function shortenedInside(text: string, length: number): string {
  if (text.length <= length) return text;
  const end = Math.floor((length - 1) / 2);
  return `${text.slice(0, length - 1 - end)}…${text.slice(text.length - end)}`;
}

/** Breaks a caption at blanks into lines of so many pixels. */
export function captionLines(text: string, width: number): string[] {
  const most = Math.floor(width / characterWidth);
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= most) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
