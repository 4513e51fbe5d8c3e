/** The style of the page: light and dark, on a screen and on paper. */
export const pageStyle = String.raw`
:root {
  color-scheme: light dark;
  --ground: #ffffff;
  --raised: #f6f7f9;
  --text: #1b1f24;
  --muted: #57606a;
  --line: #d5dae0;
  --accent: #0a58ca;
  --warn-text: #7a3e00;
  --warn-ground: #fff1db;
  --note-text: #0b4a6f;
  --note-ground: #e3f1fa;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171a;
    --raised: #1d2125;
    --text: #e6e9ec;
    --muted: #a3adb8;
    --line: #363c43;
    --accent: #7db4ff;
    --warn-text: #ffd9a3;
    --warn-ground: #45300f;
    --note-text: #b8e0f8;
    --note-ground: #123449;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0;
  padding: 1.5rem;
  background: var(--ground);
  color: var(--text);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
h1 { margin: 0 0 .25rem; font-size: 1.5rem; }
.about { margin: 0 0 1rem; color: var(--muted); }
.summary { display: grid; grid-template-columns: repeat(auto-fit, minmax(7.5rem, 1fr)); gap: .5rem; margin: 0 0 1rem; }
.summary div { padding: .6rem .75rem; border: 1px solid var(--line); border-radius: .4rem; background: var(--raised); }
.summary dt { color: var(--muted); font-size: .85rem; }
.summary dd { margin: 0; font-size: 1.4rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.controls { display: flex; flex-wrap: wrap; gap: .75rem; align-items: end; margin-bottom: .5rem; }
.controls label { display: grid; gap: .15rem; color: var(--muted); font-size: .85rem; }
input, select, button { font: inherit; color: inherit; }
input, select, .plain {
  padding: .4rem .6rem;
  border: 1px solid var(--line);
  border-radius: .35rem;
  background: var(--raised);
}
input[type="search"] { min-width: 18rem; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.count { margin: 0 0 .5rem; color: var(--muted); }
table { width: 100%; border-collapse: collapse; table-layout: fixed; }
caption { text-align: left; font-weight: 600; padding: .25rem 0; }
th, td { padding: .4rem .5rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
thead th { padding: 0; background: var(--raised); font-size: .85rem; }
thead th.still { padding: .45rem .5rem; }
thead button { width: 100%; padding: .45rem .5rem; border: 0; background: none; text-align: left; font-weight: 600; cursor: pointer; }
thead button::after { content: " \2195"; color: var(--muted); }
th[aria-sort="ascending"] button::after { content: " \2191"; color: var(--accent); }
th[aria-sort="descending"] button::after { content: " \2193"; color: var(--accent); }
tbody th { font-weight: 400; }
time { font-size: .9rem; white-space: nowrap; }
.sub { display: block; color: var(--muted); font-size: .85rem; }
.badge { display: inline-block; margin: 0 .25rem .15rem 0; padding: .05rem .45rem; border-radius: .4rem; font-size: .8rem; background: var(--note-ground); color: var(--note-text); }
.badge.warn { background: var(--warn-ground); color: var(--warn-text); }
details { margin-top: 1.5rem; content-visibility: auto; contain-intrinsic-size: auto 2rem; }
summary { cursor: pointer; font-weight: 600; }
.more { margin: .75rem 0; }
.plain { cursor: pointer; }
[hidden] { display: none !important; }
/* On a screen a row is a grid: what is out of sight costs no layout, which table rows cannot do. On paper it is a table. */
@media screen {
  #table, #table caption, #table thead, #table tbody { display: block; }
  #table thead { position: sticky; top: 0; z-index: 1; }
  #table tr {
    display: grid;
    grid-template-columns:
      minmax(0, 17fr) minmax(0, 8fr) minmax(0, 9fr) minmax(0, 8fr) minmax(0, 17fr)
      minmax(0, 8fr) minmax(0, 8fr) minmax(0, 8fr) minmax(0, 17fr);
    border-bottom: 1px solid var(--line);
  }
  #table th, #table td { border-bottom: 0; }
  #body tr { content-visibility: auto; contain-intrinsic-size: auto 3.4rem; }
}
@media print {
  @page { size: A4 landscape; margin: 12mm; }
  :root {
    color-scheme: light;
    --ground: #ffffff; --raised: #ffffff; --text: #000000; --muted: #333333; --line: #999999; --accent: #000000;
    --warn-text: #000000; --warn-ground: #ffffff; --note-text: #000000; --note-ground: #ffffff;
  }
  body { padding: 0; font-size: 9pt; }
  .controls, .more, thead button::after { display: none; }
  thead { display: table-header-group; }
  .wide { width: 17%; }
  .narrow { width: 8%; }
  tr, .summary div { break-inside: avoid; }
  .badge { border: 1px solid var(--line); }
}
`;
