/** What a page has and Node has not, as far as these functions look at it: they run in the browser. */
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

/** How the first element of a selector looks. */
export function lookOf(selector: string): Look {
  const { color, backgroundColor, display, position, outlineStyle, contentVisibility } = getComputedStyle(
    document.querySelector(selector),
  );
  return { color, backgroundColor, display, position, outlineStyle, contentVisibility };
}

/** How well each text stands out from its ground (WCAG 2.2), and how bright the ground of the page is, from 0 to 1. */
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
