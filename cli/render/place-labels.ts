/** Pixels of a plot, y downwards. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface PlacedLabel {
  /** Which point of the text stands at x. */
  readonly anchor: "start" | "middle" | "end";
  readonly x: number;
  /** Middle of the text's height. */
  readonly y: number;
  /** So far from its dot that a line should lead there. */
  readonly isFar: boolean;
}

const dotRadius = 7;

/**
 * Puts names beside their dots so that none covers another name or a dot: each takes the nearest free place, right, left,
 * above or below. Dots with most neighbours choose first.
 */
export function placeLabels(
  dots: readonly { x: number; y: number }[],
  names: readonly string[],
  { frame, fontSize }: { frame: Box; fontSize: number },
): PlacedLabel[] {
  const taken: Box[] = dots.map(({ x, y }) => boxAround(x - dotRadius, y, 2 * dotRadius, 2 * dotRadius));
  const neighbours = dots.map((dot) => dots.filter(({ x, y }) => Math.hypot(x - dot.x, y - dot.y) < 80).length);
  const order = [...dots.keys()].sort((a, b) => neighbours[b] - neighbours[a] || dots[a].y - dots[b].y);
  const placed: PlacedLabel[] = [];
  for (const k of order) {
    const { x, y } = dots[k];
    const width = 0.56 * fontSize * names[k].length;
    const boxes = candidates(x, y).map((place) => ({
      place,
      box: boxAround(place.x - fractionLeft[place.anchor] * width, place.y, width, 1.25 * fontSize),
    }));
    const inside = boxes.filter(({ box }) => contains(frame, box));
    const free = inside.find(({ box }) => taken.every((other) => !overlap(box, other)));
    const { place, box } = free ?? inside[0] ?? boxes[0];
    taken.push(box);
    placed[k] = place;
  }
  return placed;
}

/** How much of a text is to the left of its anchor. */
const fractionLeft = { start: 0, middle: 0.5, end: 1 } as const;

/** Places in order of their distance from the dot. */
function candidates(x: number, y: number): PlacedLabel[] {
  const places: (PlacedLabel & { distance: number })[] = [];
  for (let rise = -240; rise <= 240; rise += 6) {
    for (const sideways of [0, 12, 30, 60, 100]) {
      const distance = Math.hypot(rise, sideways);
      const place = { y: y + rise, isFar: distance > 14, distance };
      const gap = dotRadius + 1 + sideways;
      places.push({ ...place, anchor: "start", x: x + gap });
      places.push({ ...place, anchor: "end", x: x - gap, distance: distance + 2 });
    }
    const distance = Math.abs(rise);
    places.push({ anchor: "middle", x, y: y + rise, isFar: distance > 20, distance: distance + 4 });
  }
  return places.sort((a, b) => a.distance - b.distance);
}

function boxAround(left: number, middle: number, width: number, height: number): Box {
  return { left, right: left + width, top: middle - height / 2, bottom: middle + height / 2 };
}

const overlap = (a: Box, b: Box) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
const contains = (outer: Box, inner: Box) =>
  inner.left >= outer.left && inner.right <= outer.right && inner.top >= outer.top && inner.bottom <= outer.bottom;
