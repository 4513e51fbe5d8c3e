/** The parts of the DOM that these functions use: they run in the browser, and Node has no types for it. */
interface PageElement {
  readonly tagName: string;
  readonly textContent: string | null;
  readonly parentElement: PageElement | null;
  getClientRects(): { readonly length: number };
}

interface Look {
  readonly color: string;
  readonly backgroundColor: string;
  readonly display: string;
  readonly position: string;
  readonly outlineStyle: string;
  readonly contentVisibility: string;
}

declare const document: {
  readonly body: PageElement;
  querySelector(selector: string): PageElement;
  querySelectorAll(selector: string): Iterable<PageElement>;
};
declare function getComputedStyle(element: PageElement): Look;

/** Returns the style of the first element that matches a selector. */
export function lookOf(selector: string): Look {
  const { color, backgroundColor, display, position, outlineStyle, contentVisibility } = getComputedStyle(
    document.querySelector(selector),
  );
  return { color, backgroundColor, display, position, outlineStyle, contentVisibility };
}

/** Returns the contrast ratio of each text (WCAG 2.2), and the luminance of the page's background, from 0 to 1. */
export function contrasts(): { ground: number; texts: { text: string; ratio: number }[] } {
  const parse = (color: string) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (color: string) => {
    const [r = 0, g = 0, b = 0] = parse(color).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (element: PageElement | null): string => {
    if (element === null) return 'rgb(255, 255, 255)';
    const color = getComputedStyle(element).backgroundColor;
    return parse(color)[3] === 0 ? groundOf(element.parentElement) : color;
  };
  const ratio = (a: number, b: number) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const selector = 'h1, p, dt, dd, label, caption, button, td, tbody th, .sub, .badge, time, summary';
  const texts = [...document.querySelectorAll(selector)]
    .filter((element) => element.textContent?.trim() && element.getClientRects().length > 0)
    .map((element) => ({
      text: `${element.tagName} ${element.textContent?.slice(0, 20)}`,
      ratio: ratio(luminance(getComputedStyle(element).color), luminance(groundOf(element))),
    }));
  return { ground: luminance(groundOf(document.body)), texts };
}
