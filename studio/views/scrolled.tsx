import type { ComponentChildren } from "preact";

/** What may be wider than a phone: it is scrolled, by keys too. */
export function Scrolled({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without the focus keys do not scroll it
    <section class="wide" tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
