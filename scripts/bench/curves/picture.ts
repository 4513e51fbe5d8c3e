import { type Column, curves, type Family, shown } from './columns.ts';

/** Number of panels side by side. */
const ACROSS = 2;
const PANEL = { width: 480, height: 210 };
/** Position of the curve in its panel; the rest is for text. */
const PLOT = { left: 70, right: 440, top: 50, bottom: 160 };

/** Colors are those of the site where it shows the picture, and follow the reader's color scheme elsewhere. */
const STYLE = `  <style>
    .text { fill: var(--picture-text, #1f2430); }
    .muted { fill: var(--picture-muted, #566); font-size: 13px; }
    .line { fill: none; stroke: var(--picture-line, #8a93a3); stroke-width: 1.5; }
    .head { font-weight: 600; }
    .curve { fill: none; stroke: var(--picture-accent, #3355cc); stroke-width: 2; }
    .dot { fill: var(--picture-accent, #3355cc); }
    @media (prefers-color-scheme: dark) {
      .text { fill: var(--picture-text, #eef1f6); }
      .muted { fill: var(--picture-muted, #aab3c2); }
      .line { stroke: var(--picture-line, #59637a); }
      .curve { stroke: var(--picture-accent, #8fa6ff); }
      .dot { fill: var(--picture-accent, #8fa6ff); }
    }
  </style>
`;

/**
 * Draws a panel for each cost over the loads. Both axes are logarithmic: a cost proportional to the load rises along
 * the diagonal, and a constant cost is flat.
 */
export function drawCurves(family: Family): string {
  const height = Math.ceil(curves.length / ACROSS) * PANEL.height;
  const panels = curves.map((column, index) => {
    const [x, y] = [(index % ACROSS) * PANEL.width, Math.floor(index / ACROSS) * PANEL.height];
    return `  <g transform="translate(${x} ${y})">\n${drawPanel(family, column)}  </g>\n`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${ACROSS * PANEL.width} ${height}" role="img" font-family="system-ui, sans-serif" font-size="15">\n${STYLE}${panels.join('')}</svg>\n`;
}

function drawPanel({ name, sizeOf, steps }: Family, { title, unit, of }: Column): string {
  const sizes = steps.map(({ load }) => sizeOf(load));
  const costs = steps.map(({ cost }) => of(cost));
  const decades = Math.log10(Math.max(...sizes) / Math.min(...sizes));
  // The y axis spans as many decades as the x axis, so that the diagonal means proportional; more if a cost needs them.
  const rise = Math.max(decades, Math.log10(Math.max(...costs) / Math.min(...costs)));
  const middle = (Math.log10(Math.max(...costs)) + Math.log10(Math.min(...costs))) / 2;
  const points = steps.map((_, i) => {
    const along = Math.log10((sizes[i] ?? 1) / Math.min(...sizes)) / decades;
    const up = (Math.log10(costs[i] ?? 1) - middle) / rise + 0.5;
    return {
      x: Math.round(PLOT.left + along * (PLOT.right - PLOT.left)),
      y: Math.round(PLOT.bottom - up * (PLOT.bottom - PLOT.top)),
      size: (sizes[i] ?? 0).toLocaleString('en'),
      cost: shown(costs[i] ?? 0, unit),
    };
  });
  const mark = ({ x, y, size, cost }: (typeof points)[number]) =>
    `    <circle class="dot" cx="${x}" cy="${y}" r="4" />
    <text class="text" x="${x}" y="${y - 10}" text-anchor="middle">${cost}</text>
    <text class="muted" x="${x}" y="${PLOT.bottom + 20}" text-anchor="middle">${size}</text>\n`;
  return `    <text class="text head" x="${PLOT.left}" y="24">${title}</text>
    <path class="line" d="M${PLOT.left - 20} ${PLOT.bottom}H${PLOT.right + 20}" />
    <path class="curve" d="M${points.map(({ x, y }) => `${x} ${y}`).join(' ')}" />
${points.map(mark).join('')}    <text class="muted" x="${(PLOT.left + PLOT.right) / 2}" y="${PLOT.bottom + 38}" text-anchor="middle">${name}</text>\n`;
}
