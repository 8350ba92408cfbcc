import { InputError } from "../errors.ts";
import { suggestion } from "../suggest.ts";

/** Σ c_k v_k + c₀ of quantities v_k that have names. */
export interface LinearForm {
  readonly terms: ReadonlyMap<string, number>;
  readonly constant: number;
}

/** Of what a text is, for the sentences that refuse it: "The hypothesis", "no coefficient of the fit", "the coefficients are". */
export interface Wording {
  readonly what: string;
  readonly unknown: string;
  readonly known: string;
  /** Whether a number that is a name is that name; otherwise only in quotes. */
  readonly areNumbersNames: boolean;
}

type Token =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "sign"; readonly sign: string };

const signs = ["<=", ">=", "==", "<", ">", "=", "+", "-", "*", "/", "(", ")"];
const quotedPattern = /^"([^"]*)"|^'([^']*)'|^`([^`]*)`/;
const numberPattern = /^(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?(?![\p{L}\p{N}_.])/iu;
const namePart = /[\p{L}\p{M}\p{N}_.]/u;

/**
 * Names are recognised as they stand, the longest first, so that they may hold anything: `city[Rome]`, `I(x > 3)`, `a:b`. In
 * quotes or backquotes they are told from numbers and signs.
 */
export function tokensOf(text: string, names: readonly string[], wording: Wording): Token[] {
  const bare = names.filter((name) => wording.areNumbersNames || Number.isNaN(Number(name)));
  const longestFirst = bare.sort((a, b) => b.length - a.length);
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    const blank = /^\s+/.exec(rest)?.[0];
    const name = longestFirst.find((own) => own !== "" && startsWithName(rest, own));
    const quoted = quotedPattern.exec(rest);
    const inside = quoted?.slice(1).find((own) => own !== undefined);
    const number = numberPattern.exec(rest)?.[0];
    const sign = signs.find((own) => rest.startsWith(own));
    if (blank) at += blank.length;
    else if (name !== undefined) {
      tokens.push({ kind: "name", name });
      at += name.length;
    } else if (quoted && inside !== undefined && names.includes(inside)) {
      tokens.push({ kind: "name", name: inside });
      at += quoted[0].length;
    } else if (number) {
      tokens.push({ kind: "number", value: Number(number) });
      at += number.length;
    } else if (sign) {
      tokens.push({ kind: "sign", sign });
      at += sign.length;
    } else throw unknownName(text, inside ?? wordAt(rest), names, wording);
  }
  return tokens;
}

/** Whether the text begins with the name, and the name does not go on. */
function startsWithName(text: string, name: string): boolean {
  if (!text.startsWith(name)) return false;
  const next = text.slice(name.length, name.length + 1);
  return !(namePart.test(name.at(-1)!) && namePart.test(next));
}

const wordAt = (text: string) => /^[^\s<>=+*/()-]+/.exec(text)?.[0] ?? text[0];

function unknownName(text: string, word: string, names: readonly string[], { what, unknown, known }: Wording) {
  return new InputError(`${what} "${text}" names ${word}, which is ${unknown}; ${suggestion(word, names, known)}`);
}

/** Reads sums, differences and multiples of names and numbers, from one token after the other. */
export class LinearParser {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly tokens: readonly Token[],
    private readonly wording: Wording,
  ) {}

  get isAtEnd(): boolean {
    return this.at === this.tokens.length;
  }

  /** The next token where it is one of these signs. */
  take(...wanted: readonly string[]): string | undefined {
    const token = this.tokens[this.at];
    if (token?.kind !== "sign" || !wanted.includes(token.sign)) return undefined;
    this.at++;
    return token.sign;
  }

  sum(): LinearForm {
    let left = this.product();
    for (let sign = this.take("+", "-"); sign; sign = this.take("+", "-"))
      left = added(left, this.product(), sign === "+" ? 1 : -1);
    return left;
  }

  /** @throws InputError where something is left */
  end(): void {
    if (!this.isAtEnd) throw this.refusal();
  }

  refusal(): InputError {
    const next = this.tokens[this.at];
    const where = next ? `stops making sense at ${textOf(next)}` : "is not finished";
    return new InputError(
      `${this.wording.what} "${this.text}" ${where}: write a sum of multiples of names, and names with blanks or signs in them in quotes.`,
    );
  }

  private product(): LinearForm {
    let left = this.factor();
    for (let sign = this.take("*", "/"); sign; sign = this.take("*", "/")) {
      const right = this.factor();
      if (right.terms.size === 0) left = multiple(left, sign === "*" ? right.constant : 1 / right.constant);
      else if (sign === "*" && left.terms.size === 0) left = multiple(right, left.constant);
      else
        throw new InputError(
          `${this.wording.what} "${this.text}" is no linear combination: names are multiplied and divided by numbers alone.`,
        );
    }
    return left;
  }

  private factor(): LinearForm {
    if (this.take("-")) return multiple(this.factor(), -1);
    if (this.take("(")) {
      const inside = this.sum();
      if (!this.take(")")) throw this.refusal();
      return inside;
    }
    const token = this.tokens[this.at];
    if (!token || token.kind === "sign") throw this.refusal();
    this.at++;
    return token.kind === "name"
      ? { terms: new Map([[token.name, 1]]), constant: 0 }
      : { terms: new Map(), constant: token.value };
  }
}

const textOf = (token: Token) =>
  token.kind === "name" ? token.name : token.kind === "number" ? String(token.value) : `"${token.sign}"`;

const multiple = ({ terms, constant }: LinearForm, by: number): LinearForm => ({
  terms: new Map([...terms].map(([name, own]) => [name, own * by])),
  constant: constant * by,
});

/** left + sign · right */
export function added(left: LinearForm, right: LinearForm, sign: number): LinearForm {
  const terms = new Map(left.terms);
  for (const [name, own] of right.terms) terms.set(name, (terms.get(name) ?? 0) + sign * own);
  return { terms, constant: left.constant + sign * right.constant };
}
