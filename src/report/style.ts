/** The report's own style: light and dark, narrow and wide, and on paper. */
export const style = `
:root { color-scheme: light dark; --ink: #1c1c1c; --faint: #5f6368; --paper: #fff; --line: #dcdfe3; --shade: #f5f6f8; --main: #0061a3;
  --ok: #00704f; --warning: #8a5a00; --failed: #b3261e }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e6e6; --faint: #a3a7ad; --paper: #171717; --line: #373b41; --shade: #1f2226; --main: #7cc0f5;
    --ok: #4fd0a0; --warning: #f0b74a; --failed: #ff8b80 }
  figure svg { filter: invert(0.91) hue-rotate(180deg); color: #1c1c1c }
}
* { box-sizing: border-box }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 54rem; font: 16px/1.55 system-ui, sans-serif; color: var(--ink);
  background: var(--paper); overflow-wrap: anywhere }
h1 { font-size: 1.45rem; line-height: 1.3; margin: 0 0 0.3rem }
h2 { font-size: 1.15rem; margin: 2.2rem 0 0.6rem; padding-bottom: 0.2rem; border-bottom: 1px solid var(--line) }
h3 { font-size: 1rem; margin: 1.4rem 0 0.4rem }
p, ul, dl { margin: 0.5rem 0 }
code { font: 0.92em/1.4 ui-monospace, monospace; unicode-bidi: isolate }
h1 code { font-size: 1em }
.aside, .sub { color: var(--faint); font-size: 0.9rem }
.answers li { margin: 0.35rem 0 }
dl.facts { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: 0.25rem 1.2rem }
dl.facts dt { color: var(--faint) } dl.facts dd { margin: 0 }
.verdict { border-left: 4px solid; padding: 0.5rem 0.9rem; background: var(--shade) }
.verdict.ok { border-color: var(--ok) } .verdict.warning { border-color: var(--warning) } .verdict.failed { border-color: var(--failed) }
ul.checks { list-style: none; padding: 0 }
ul.checks li { padding-left: 1.7rem; text-indent: -1.7rem; margin: 0.45rem 0 }
ul.checks b { display: inline-block; width: 1.7rem; text-indent: 0 }
.ok > b { color: var(--ok) } .warning > b { color: var(--warning) } .failed > b { color: var(--failed) }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-size: 0.88rem; font-variant-numeric: tabular-nums; margin: 0.6rem 0 }
th, td { padding: 0.22rem 0.7rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line) }
thead th { border-bottom: 2px solid var(--line); font-weight: 600; overflow-wrap: normal }
tbody th { text-align: left; font-weight: 400; white-space: normal; min-width: 9rem }
figure { margin: 1rem 0 } figure svg { max-width: 100%; height: auto; display: block }
pre { background: var(--shade); padding: 0.7rem 0.9rem; overflow-x: auto; white-space: pre-wrap; font-size: 0.88rem }
@media (max-width: 480px) { body { padding: 1rem 0.7rem; font-size: 15px } th, td { padding: 0.2rem 0.4rem }
  dl.facts { grid-template-columns: 1fr; gap: 0 } dl.facts dd { margin-bottom: 0.4rem } }
@media screen and (max-width: 640px) { figure { overflow-x: auto } figure svg { max-width: none } }
@media print {
  :root { color-scheme: light; --ink: #000; --faint: #444; --paper: #fff; --line: #bbb; --shade: #fff; --main: #000;
    --ok: #00583e; --warning: #6b4600; --failed: #8f1d17 }
  @page { margin: 16mm }
  body { padding: 0; max-width: none; font-size: 10pt }
  figure svg { filter: none; max-height: 205mm; margin: 0 auto }
  figure, .verdict, tr, li { break-inside: avoid } h2, h3 { break-after: avoid } thead { display: table-header-group }
  .wide { overflow: visible } table { font-size: 8.5pt } th, td { padding: 0.12rem 0.4rem } tbody th { min-width: 0 }
}
`;
