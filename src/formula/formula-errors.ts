import { InputError } from "../errors.ts";

/** Of a long formula what is shown on either side of a place. */
const cellsShown = 100;

/** An error of the formula's text at an offset: a sentence, the formula, and a caret under the place. */
export function formulaError(text: string, at: number, sentence: string): InputError {
  // Carets are placed by what a terminal shows, which is a codepoint a cell, not a UTF-16 unit.
  const before = [...text.slice(0, at).replace(/\s/g, " ")];
  const after = [...text.slice(at).replace(/\s/g, " ")];
  const start = before.length > 2 * cellsShown ? `…${before.slice(-cellsShown).join("")}` : before.join("");
  const end = after.length > 2 * cellsShown ? `${after.slice(0, cellsShown).join("")}…` : after.join("");
  return new InputError(
    `Formula error at column ${before.length + 1}: ${sentence}\n  ${start}${end}\n  ${" ".repeat([...start].length)}^`,
  );
}

/** Says what is wrong at the furthest place that the parser could reach. */
export function syntaxMessage(text: string, at: number): string {
  if (text.trim() === "") return 'the formula is empty; it reads "target ~ terms", as in "y ~ x1 + x2".';
  const quote = openQuote(text);
  if (quote) return quote;
  const { before, previous, found } = around(text, at);
  const tilde = before.includes("~");
  if (!tilde && !text.slice(at).includes("~")) {
    return 'a "~" is missing between the target and the terms, as in "y ~ x1 + x2".';
  }
  if (tilde && found === "~") return 'a second "~" stands here; a formula has one.';
  return tilde ? termMessage(before, previous, found) : expressionMessage(before, previous, found);
}

/** As syntaxMessage, of an expression that is no formula. */
export function loneExpressionMessage(text: string, at: number): string {
  if (text.trim() === "") return "there is nothing; give a column's name or an expression, as in w / 2.";
  const { before, previous, found } = around(text, at);
  if (found === "~") return '"~" has no meaning here.';
  return openQuote(text) ?? expressionMessage(before, previous, found);
}

/** The text before the place, its last word, and the word at the place. */
function around(text: string, at: number): { before: string; previous: string; found: string } {
  const before = text.slice(0, at).trimEnd();
  const found = text.slice(at).match(/^(\*\*|[=!<>]=|[\p{L}_][\p{L}\p{M}\p{N}_.]*|[\d.]+|.)/su)?.[0] ?? "";
  const previous =
    before.match(/(==|!=|<=|>=|\*\*|&&|\|\||[\p{L}_][\p{L}\p{M}\p{N}_.]*|[\d.]+|`[^`]*`|.)$/su)?.[0] ?? "";
  return { before, previous, found };
}

function termMessage(before: string, previous: string, found: string): string {
  if (insideCall(before)) return expressionMessage(before, previous, found);
  const ofGroup = groupMessage(before, previous, found);
  if (ofGroup) return ofGroup;
  const expectsTerm = /^([~+\-*:(]|\*\*)$/.test(previous);
  if (expectsTerm && found === "") return `expected a term after "${previous}".`;
  if (found === "") return unclosed(before);
  if (/^["']$/.test(found))
    return "the name of a column is written without quotes, or in backticks where it has blanks: `a name`.";
  if (expectsTerm && /^[\d.]+$/.test(found)) return "numbers other than 0 and 1 stand inside I(), as in I(2 * x).";
  if (expectsTerm) return `expected a term after "${previous}", not "${found}".`;
  if (found === "^" || found === "**") return "a power of a column is written inside I(), as in I(x^2).";
  if (previous === "^" || previous === "**") return 'the power of a "(…)" is a whole number from 1 to 9.';
  if (found === ")") return 'no "(" belongs to this ")".';
  if (/^(and|or|not|true|false)$/.test(previous)) {
    return `"${previous}" is a word of the language; a column of that name is written in backticks.`;
  }
  if (/^[/%<>=!&|]=?$/.test(found))
    return `arithmetic and comparisons of columns stand inside I(), as in I(a ${found} b).`;
  return separate(previous, found, '"+"');
}

/** What is wrong at or after the bar of a group term, as in (1 + x | g). */
function groupMessage(before: string, previous: string, found: string): string | undefined {
  const opened = openParentheses(before).at(-1);
  const inside = opened === undefined ? "" : before.slice(opened + 1);
  const after = withoutQuoted(inside).lastIndexOf("|");
  if (found === "|" && opened === undefined) return "a group term stands in parentheses, as in (1 | g) or (1 + x | g).";
  if (found === "|" && inside.trim() === "")
    return "the effects are missing before the bar, as in (1 | g) or (1 + x | g).";
  if (after < 0) return undefined;
  if (/^(\||\|\|)$/.test(previous) && found !== "" && !/^["']$/.test(found))
    return `expected a grouping column after the bar, as in (1 | g), not "${found}".`;
  if (previous === "|" || previous === "||")
    return found === "" ? "expected a grouping column after the bar, as in (1 | g)." : undefined;
  if (/^[+*&|^-]/.test(found))
    return `after the bar stand columns joined by ":" or "/", as in (1 | a:b) or (1 | a/b), and "${found}" has no meaning there; two factors are two terms, (1 | a) + (1 | b).`;
  return undefined;
}

function expressionMessage(before: string, previous: string, found: string): string {
  const expectsValue = previous === "" || /^([=!<>~+\-*/%^(,&|]|==|!=|<=|>=|\*\*|&&|\|\||and|or|not)$/.test(previous);
  const after = previous === "" ? "at the beginning of the formula" : `after "${previous}"`;
  if (expectsValue && found === "") return `expected a column or a number ${after}.`;
  if (found === "") return unclosed(before);
  if (expectsValue && found === "~") {
    return previous === ""
      ? 'the target is missing before the "~", as in "y ~ x".'
      : `expected a column or a number ${after}.`;
  }
  if (expectsValue) return `expected a column or a number ${after}, not "${found}".`;
  if (found === ")") return 'no "(" belongs to this ")".';
  if (found === "~") return unclosed(before);
  return separate(previous, found, "an operator");
}

function separate(previous: string, found: string, what: string): string {
  if (!/^[\p{L}\p{N}_`(]/u.test(found)) return `"${found}" has no meaning here.`;
  return `expected ${what} between "${previous}" and "${found}"; a name with blanks is written in backticks, as in \`a name\`.`;
}

function unclosed(before: string): string {
  const open = openParentheses(before).at(-1);
  return open === undefined ? "the formula ends too early." : `the "(" at column ${open + 1} has no ")" to close it.`;
}

/** The places of parentheses that no other closes; once there are more than `most`, those up to there. */
export function openParentheses(text: string, most = Infinity): number[] {
  const open: number[] = [];
  const bare = withoutQuoted(text);
  for (let i = 0; i < bare.length && open.length <= most; i++) {
    if (bare[i] === "(") open.push(i);
    else if (bare[i] === ")") open.pop();
  }
  return open;
}

/** The text with blanks for all that stands in quotes or backticks. */
function withoutQuoted(text: string): string {
  return text.replace(/`[^`]*`|"[^"]*"|'[^']*'/g, (quoted) => " ".repeat(quoted.length));
}

/** Whether the text breaks off between the parentheses of a function, where expressions are written. */
function insideCall(text: string): boolean {
  return openParentheses(text).some((at) => /[\p{L}\p{N}_.]\s*$/u.test(text.slice(0, at)));
}

function openQuote(text: string): string | undefined {
  for (let i = 0; i < text.length; i++) {
    if (!"`\"'".includes(text[i])) continue;
    const close = text.indexOf(text[i], i + 1);
    if (close < 0) return `the ${text[i]} at column ${i + 1} has no second ${text[i]} to close it.`;
    i = close;
  }
  return undefined;
}
