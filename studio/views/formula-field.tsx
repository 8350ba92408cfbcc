import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { completionsOf } from "../completion.ts";
import type { State } from "../state.ts";

interface Given {
  readonly state: State;
  readonly onChange: (formula: string) => void;
}

/** The formula, with what its last word may become: a combobox as the ARIA practices describe it. */
export function FormulaField({ state: { formula, formulaProblem, table, choices }, onChange }: Given) {
  const field = useRef<HTMLInputElement>(null);
  const [caret, setCaret] = useState<number>();
  const [active, setActive] = useState(-1);
  const nextCaret = useRef<number | undefined>(undefined);
  useLayoutEffect(() => {
    if (nextCaret.current === undefined) return;
    field.current?.setSelectionRange(nextCaret.current, nextCaret.current);
    nextCaret.current = undefined;
  });
  const { start, found } =
    caret === undefined
      ? { start: 0, found: [] }
      : completionsOf(formula, caret, table?.columns ?? [], choices?.functions ?? []);
  const isOpen = found.length > 0;
  const close = () => {
    setCaret(undefined);
    setActive(-1);
  };
  const take = (index: number) => {
    const { text } = found[index];
    nextCaret.current = start + text.length;
    onChange(formula.slice(0, start) + text + formula.slice(caret));
    close();
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isOpen) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : -1;
      setActive((active + step + found.length + (active < 0 && step < 0 ? 1 : 0)) % found.length);
    } else if ((event.key === "Enter" || event.key === "Tab") && active >= 0) take(active);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  };
  return (
    <div class="field formula">
      <label for="formula">Formula</label>
      <input
        ref={field}
        id="formula"
        type="text"
        value={formula}
        placeholder="target ~ what explains it"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        role="combobox"
        aria-expanded={isOpen}
        aria-controls="formula-list"
        aria-autocomplete="list"
        aria-activedescendant={active >= 0 && isOpen ? `formula-${active}` : undefined}
        aria-describedby="formula-help"
        aria-invalid={formulaProblem !== undefined}
        onInput={({ currentTarget }) => {
          onChange(currentTarget.value);
          setCaret(currentTarget.selectionStart ?? undefined);
          setActive(-1);
        }}
        onKeyDown={onKeyDown}
        onBlur={close}
      />
      <div id="formula-list" role="listbox" tabIndex={-1} aria-label="What the formula may go on with" hidden={!isOpen}>
        {found.map(({ text, what }, k) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys are heard by the field, which keeps the focus
          <div
            key={text}
            id={`formula-${k}`}
            role="option"
            tabIndex={-1}
            aria-selected={k === active}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => take(k)}
          >
            <code>{text}</code> <span>{what}</span>
          </div>
        ))}
      </div>
      <p id="formula-help" class={`aside${formulaProblem ? " refusal" : ""}`}>
        {formulaProblem ??
          "As in R: late ~ log(distance) + C(hour) + (1 | quarter). A dot stands for all other columns."}
      </p>
    </div>
  );
}
