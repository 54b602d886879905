// The histogram's brush: drag over the bars, or hold shift while arrow keys move, to choose from one date to another.
const bars = () => [...document.querySelectorAll("#dates a")];
let anchor = null;

function paint(first, last) {
  const all = bars();
  const [low, high] = [all.indexOf(first), all.indexOf(last)].sort((left, right) => left - right);
  all.forEach((bar, place) => bar.classList.toggle("brushed", low <= place && place <= high));
  const [since, until] = [all[low].dataset.period, all[high].dataset.period];
  document.getElementById("brushed").textContent = since === until ? since : `${since} – ${until}`;
  return [since, until];
}

function barAt(x) {
  const all = bars();
  return all.find((bar) => x < bar.getBoundingClientRect().right) ?? all.at(-1);
}

export function startBrush(event, choose) {
  const chart = event.target.closest("#dates");
  if (!chart || event.button) return;
  event.preventDefault(); // else the bar's link is dragged
  const first = barAt(event.clientX);
  let span = paint(first, first);
  const ending = new AbortController();
  const { signal } = ending;
  addEventListener("pointermove", (move) => (span = paint(first, barAt(move.clientX))), { signal });
  addEventListener("pointercancel", () => ending.abort(), { signal });
  addEventListener("pointerup", () => (ending.abort(), choose(...span)), { signal });
  chart.addEventListener("click", (click) => click.preventDefault(), { once: true });
  chart.addEventListener("dragstart", (drag) => drag.preventDefault(), { signal });
}

// Take a key that is meant for the bars; say whether it was.
export function dateKey(event, choose) {
  const bar = event.target.closest("#dates a");
  if (!bar) return false;
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (by) {
    anchor = event.shiftKey ? (anchor ?? bar) : null;
    const next = bars()[bars().indexOf(bar) + by] ?? bar;
    bar.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
    paint(anchor ?? next, next);
  } else if (event.key === "Enter") {
    choose(...paint(anchor ?? bar, bar));
    anchor = null;
  } else return false;
  event.preventDefault();
  return true;
}
