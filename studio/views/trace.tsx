import { useEffect, useRef } from "preact/hooks";
import { colours } from "../draw/colours.ts";
import { sharpContext } from "../draw/sharp-context.ts";

const width = 220;
const height = 36;

/** The chains of one parameter, one line each. */
export function Trace({ chains, label }: { chains: readonly Float32Array[]; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current && sharpContext(canvas.current, width, height);
    if (!context) return;
    let [min, max] = [Infinity, -Infinity];
    for (const chain of chains)
      for (const value of chain) {
        min = Math.min(min, value);
        max = Math.max(max, value);
      }
    context.clearRect(0, 0, width, height);
    context.globalAlpha = 0.8;
    chains.forEach((chain, k) => {
      context.strokeStyle = colours(canvas.current!).chains[k % 4];
      context.beginPath();
      chain.forEach((value, n) => {
        const x = (n / Math.max(1, chain.length - 1)) * width;
        const y = height - 2 - ((value - min) / (max - min || 1)) * (height - 4);
        if (n === 0) context.moveTo(x, y);
        else context.lineTo(x, y);
      });
      context.stroke();
    });
  }, [chains]);
  return <canvas ref={canvas} style={{ width: `${width}px`, height: `${height}px` }} role="img" aria-label={label} />;
}
