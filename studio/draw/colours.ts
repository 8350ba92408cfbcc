export interface Colours {
  readonly ink: string;
  readonly faint: string;
  readonly line: string;
  readonly paper: string;
  readonly main: string;
  readonly second: string;
  readonly chains: readonly string[];
}

let known: { readonly isDark: boolean; readonly colours: Colours } | undefined;

/** The colours of the page, light or dark, for what is drawn on canvases. */
export function colours(element: Element): Colours {
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  if (known?.isDark === isDark) return known.colours;
  const style = getComputedStyle(element);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const found: Colours = {
    ...{ ink: of("ink"), faint: of("faint"), line: of("line"), paper: of("paper") },
    ...{ main: of("main"), second: of("second") },
    chains: [of("main"), of("second"), of("third"), of("fourth")],
  };
  known = { isDark, colours: found };
  return found;
}
