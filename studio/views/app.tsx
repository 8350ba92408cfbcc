import { useEffect, useState } from "preact/hooks";
import { Studio } from "./studio.tsx";
import { Tour } from "./tour.tsx";

type Place = "studio" | "tour";

const placeOf = (): Place => (location.hash.startsWith("#tour") ? "tour" : "studio");

/** The page: the studio, and the tour beside it. What is open in the studio stays while the tour is looked at. */
export function App() {
  const [place, setPlace] = useState(placeOf);
  useEffect(() => {
    const follow = () => setPlace(placeOf());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  useEffect(() => {
    document.title = place === "tour" ? "A tour · ornstein" : "ornstein studio";
  }, [place]);
  const link = (own: Place, text: string) => (
    <a href={`#${own}`} aria-current={place === own ? "page" : undefined}>
      {text}
    </a>
  );
  return (
    <>
      <header class="top">
        <p class="name">ornstein</p>
        <nav aria-label="Parts of the page">
          {link("studio", "Studio")}
          {link("tour", "Tour")}
        </nav>
      </header>
      <main>
        <div hidden={place !== "studio"}>
          <Studio />
        </div>
        {place === "tour" && <Tour />}
      </main>
    </>
  );
}
