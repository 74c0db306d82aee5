// Exposure against balance as steps. The drawing is uPlot's; see vendor/.

import { el, put } from "./dom.js";
import { isLocal, shown, time, words } from "./format.js";

const HEIGHT = 300;

/** A colour of the style sheet. */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Seconds, as uPlot wants them. */
function seconds(instant) {
  return new Date(instant).getTime() / 1000;
}

/**
 * Both series on one axis. Each keeps its value until its next; null before its first. The texts are
 * what came, since a sum of money must not be shown through a float.
 */
export function aligned(points, balances, from, to) {
  const one = steps(points, "exposure");
  const other = steps(balances, "balance");
  const times = [...new Set([from, ...one.times, ...other.times, to])].filter((at) => at >= from && at <= to)
    .sort((a, b) => a - b);
  return { times, exposures: held(one, times), balances: held(other, times) };
}

function steps(items, name) {
  const sorted = [...items].sort((a, b) => seconds(a.at) - seconds(b.at));
  return { times: sorted.map((item) => seconds(item.at)), texts: sorted.map((item) => item[name]) };
}

function held({ times, texts }, at) {
  const result = [];
  let next = 0;
  let last = null;
  for (const moment of at) {
    while (next < times.length && times[next] <= moment) last = texts[next++];
    result.push(last ?? null);
  }
  return result;
}

const numbers = (texts) => texts.map((text) => (text === null ? null : Number(text)));

/** Of time and of numbers, in the colours that are in force. */
function axes() {
  const axis = {
    stroke: colour("--muted"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { stroke: colour("--line"), width: 1, size: 4 },
    font: "12px system-ui, sans-serif",
  };
  return [
    { ...axis, space: 70,
      values: [
        [86400, "{MMM} {D}", null, null, null, null, null, null, 1],
        [3600, "{HH}:{mm}", "\n{MMM} {D}", null, "\n{MMM} {D}", null, null, null, 1],
        [60, "{HH}:{mm}", "\n{MMM} {D}", null, "\n{MMM} {D}", null, null, null, 1],
      ] },
    { ...axis, size: 64, values: (_, ticks) => ticks.map((tick) => tick.toLocaleString("en")) },
  ];
}

function zoned(at) {
  return isLocal() ? new Date(at * 1000) : uPlot.tzDate(new Date(at * 1000), "Etc/UTC");
}

/**
 * Bars over time, of one column or two: `rows` are [instant, value, ...] as texts or numbers. What it
 * shows stands in the table beside it, so it is a picture only.
 */
export function timeBars(visit, label, names, rows) {
  const sorted = [...rows].sort((a, b) => seconds(a[0]) - seconds(b[0]));
  const times = sorted.map((row) => seconds(row[0]));
  const step = times.length > 1 ? Math.min(...times.slice(1).map((at, i) => at - times[i])) : 3600;
  const holder = el("div", { class: "chart-plot" });
  const root = el("div", { class: "chart", role: "img", "aria-label": label }, holder);
  const colours = ["--accent", "--late"];
  let plot = null;
  const draw = () => {
    plot?.destroy();
    plot = new uPlot({
      width: Math.max(200, root.clientWidth),
      height: HEIGHT / 2,
      padding: [14, 12, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      tzDate: zoned,
      scales: {
        x: { range: [times[0] - step / 2, times.at(-1) + step / 2] },
        y: { range: (_, least, most) => [Math.min(0, least ?? 0), Math.max(most ?? 0, 1) * 1.08] },
      },
      axes: axes(),
      series: [{}, ...names.map((_, i) => ({ stroke: colour(colours[i]), fill: colour(colours[i]),
        paths: uPlot.paths.bars({ size: [0.7 / names.length, 60], align: names.length === 1 ? 0 : i === 0 ? -1 : 1 }),
        points: { show: false } }))],
    }, [times, ...names.map((_, i) => numbers(sorted.map((row) => row[i + 1])))], holder);
  };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", draw, { signal: visit.signal });
  window.addEventListener("zone", draw, { signal: visit.signal });
  // Drawn once it has a width.
  const resized = new ResizeObserver(() => {
    if (plot) plot.setSize({ width: Math.max(200, root.clientWidth), height: HEIGHT / 2 });
    else draw();
  });
  resized.observe(root);
  visit.signal.addEventListener("abort", () => {
    resized.disconnect();
    plot?.destroy();
  });
  return el("div", {}, root, el("div", { class: "chart-key" },
    ...names.map((name, i) => key(i === 0 ? "exposure" : "late", words(name)))));
}

/** The chart of one user; `show` draws it anew. */
export class ExposureChart {
  #plot = null;
  #holder = el("div", { class: "chart-plot" });
  #reading = el("p", { class: "chart-reading" });
  #last = null;

  constructor(visit) {
    this.root = el("div", { class: "chart", role: "img" }, this.#holder);
    this.whole = el("div", {}, this.root, el("div", { class: "chart-key" },
      key("exposure", "Exposure"), key("limit", "Balance, the limit"), key("episode", "Episode: over the limit"),
      key("late", "Late: seen by a record out of order")), this.#reading);
    const redraw = () => this.#last && this.show(...this.#last);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", redraw, { signal: visit.signal });
    window.addEventListener("zone", redraw, { signal: visit.signal });
    const resized = new ResizeObserver(() => this.#plot?.setSize({ width: this.#width(), height: HEIGHT }));
    resized.observe(this.root);
    visit.signal.addEventListener("abort", () => {
      resized.disconnect();
      this.#plot?.destroy();
    });
  }

  #width() {
    return Math.max(200, this.root.clientWidth);
  }

  /** `series`: what the interface answers for [from, to]. */
  show(series, from, to) {
    this.#last = [series, from, to];
    const currency = series.currency;
    const [first, last] = [seconds(from), seconds(to)];
    const data = aligned(series.points ?? [], series.balances ?? [], first, last);
    const all = series.episodes ?? [];
    const episodes = all.map((episode) => [seconds(episode.since), episode.until ? seconds(episode.until) : last]);
    const marks = all.filter((episode) => episode.late).map((episode) => seconds(episode.since))
      .filter((at) => at >= first && at <= last);
    this.root.setAttribute("aria-label", "Exposure against balance over 48 hours: "
      + (series.points ?? []).length + " steps, " + episodes.length
      + (episodes.length === 1 ? " episode" : " episodes") + " over the limit. The entries below have the figures.");
    this.#plot?.destroy();
    this.#plot = new uPlot(this.#options(data, episodes, marks, [first, last], currency),
      [data.times, numbers(data.exposures), numbers(data.balances)], this.#holder);
    this.#read(data, data.times.length - 1, currency);
  }

  #read(data, index, currency) {
    if (index === null || index === undefined || index < 0) return;
    put(this.#reading, time(data.times[index] * 1000, "full"), "  exposure ",
      el("strong", {}, shown(data.exposures[index])), ", balance ",
      el("strong", {}, shown(data.balances[index])), " " + (currency ?? ""));
  }

  #options(data, episodes, marks, range, currency) {
    const stepped = uPlot.paths.stepped({ align: 1 });
    return {
      width: this.#width(),
      height: HEIGHT,
      padding: [14, 12, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { size: 7 }, y: false },
      tzDate: zoned,
      scales: {
        x: { range },
        y: { range: (_, least, most) => {
          const top = Math.max(most ?? 0, 1e-9);
          return [Math.min(0, least ?? 0) * 1.05, top * 1.08];
        } },
      },
      axes: axes(),
      series: [
        {},
        { stroke: colour("--accent"), width: 2, fill: colour("--accent-soft"), paths: stepped, points: { show: false } },
        { stroke: colour("--bad"), width: 1.5, dash: [6, 4], paths: stepped, points: { show: false } },
      ],
      hooks: {
        drawClear: [(plot) => shade(plot, episodes)],
        draw: [(plot) => mark(plot, marks)],
        setCursor: [(plot) => this.#read(data, plot.cursor.idx ?? data.times.length - 1, currency)],
      },
    };
  }
}

function key(kind, text) {
  return el("span", { class: "key key-" + kind }, el("i", { "aria-hidden": "true" }), text);
}

function shade(plot, episodes) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = colour("--bad-soft");
  for (const [from, to] of episodes) {
    const left = Math.max(bbox.left, plot.valToPos(from, "x", true));
    const right = Math.min(bbox.left + bbox.width, plot.valToPos(to, "x", true));
    if (right > left || to >= from) ctx.fillRect(left, bbox.top, Math.max(2, right - left), bbox.height);
  }
  ctx.restore();
}

/** A triangle above the instant, which does not hide what is there. */
function mark(plot, marks) {
  const { ctx, bbox } = plot;
  const size = 5 * devicePixelRatio;
  ctx.save();
  ctx.fillStyle = colour("--late");
  for (const at of marks) {
    const x = plot.valToPos(at, "x", true);
    ctx.beginPath();
    ctx.moveTo(x - size, bbox.top - 2 * size);
    ctx.lineTo(x + size, bbox.top - 2 * size);
    ctx.lineTo(x, bbox.top);
    ctx.fill();
  }
  ctx.restore();
}
