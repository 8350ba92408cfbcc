export function showTour(place: HTMLElement): () => void {
  place.textContent = "";
  return () => {};
}
