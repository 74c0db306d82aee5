// Values as people read them. Money comes as decimal strings and stays that.

import { el } from "./dom.js";

/** What stands where a value is missing. */
export const NONE = "–";

const KEY = "spendwatch.zone";
let local = stored() === "local";

function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // Storage can be forbidden; the choice then lasts as long as the page.
  }
}

/** Whether times are shown in the zone of who looks, not in UTC. */
export function isLocal() {
  return local;
}

/** Changes that, and every time on the page. */
export function showLocal(yes) {
  local = yes;
  try {
    localStorage.setItem(KEY, yes ? "local" : "utc");
  } catch {
    // As above.
  }
  document.querySelectorAll("time[datetime]").forEach(write);
}

const two = (n) => String(n).padStart(2, "0");

/** [date, time of day with milliseconds] of an instant, in the zone that is chosen. */
function parts(instant) {
  if (!local) {
    const iso = instant.toISOString();
    return [iso.slice(0, 10), iso.slice(11, 23)];
  }
  return [
    instant.getFullYear() + "-" + two(instant.getMonth() + 1) + "-" + two(instant.getDate()),
    two(instant.getHours()) + ":" + two(instant.getMinutes()) + ":" + two(instant.getSeconds()) + "."
      + String(instant.getMilliseconds()).padStart(3, "0"),
  ];
}

function zoneName(instant) {
  if (!local) return "UTC";
  const minutes = -instant.getTimezoneOffset();
  const whole = Math.abs(minutes);
  return "UTC" + (minutes < 0 ? "−" : "+") + two(Math.floor(whole / 60)) + ":" + two(whole % 60);
}

function write(element) {
  const instant = new Date(element.getAttribute("datetime"));
  const [date, time] = parts(instant);
  const [today] = parts(new Date());
  if (element.hasAttribute("data-full")) {
    element.textContent = date + " " + time;
  } else if (date === today) {
    element.textContent = time.slice(0, 8);
    // Apart, so that it can be left out where there is no room.
    if (element.hasAttribute("data-ms")) element.append(el("span", { class: "ms" }, time.slice(8)));
  } else {
    element.textContent = (date.slice(0, 4) === today.slice(0, 4) ? date.slice(5) : date) + " " + time.slice(0, 8);
  }
  element.title = date + " " + time + " " + zoneName(instant);
}

/** A <time>: the clock if it is of today, else with the date. `form`: "ms" shows more, "full" all. */
export function time(value, form = "") {
  const instant = new Date(value ?? NaN);
  if (Number.isNaN(instant.getTime())) return el("span", { class: "none" }, NONE);
  const element = el("time", { datetime: instant.toISOString() });
  if (form) element.setAttribute("data-" + form, "");
  write(element);
  return element;
}

/** How long, in the largest unit that fits: "340 ms", "12 s", "3 min", "2 h", "5 d". */
export function duration(ms) {
  if (ms === null || ms === undefined || !Number.isFinite(Number(ms))) return NONE;
  const value = Number(ms);
  if (value < 1000) return Math.round(value) + " ms";
  if (value < 10_000) return (value / 1000).toFixed(1) + " s";
  if (value < 120_000) return Math.round(value / 1000) + " s";
  if (value < 7_200_000) return Math.round(value / 60_000) + " min";
  if (value < 172_800_000) return Math.round(value / 3_600_000) + " h";
  return count(Math.round(value / 86_400_000)) + " d";
}

/** A count with its thousands apart. */
export function count(value) {
  if (value === null || value === undefined || !Number.isFinite(Number(value))) return NONE;
  return String(Math.round(Number(value))).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A rate: whole from ten on. */
export function rate(value) {
  if (value === null || value === undefined || !Number.isFinite(Number(value))) return NONE;
  const number = Number(value);
  return number >= 10 || number === 0 ? count(number) : number.toFixed(1);
}

/** A ratio as per cent. */
export function percent(value) {
  if (value === null || value === undefined || !Number.isFinite(Number(value))) return NONE;
  const whole = Number(value) * 100;
  return (whole >= 99.5 && whole < 100 ? "99" : count(whole)) + " %";
}

/** A value as it came, or the sign for none. */
export function shown(value) {
  return value === null || value === undefined || value === "" ? NONE : String(value);
}

/** "LATE_RECORD" as "late record". */
export function words(code) {
  return shown(code).toLowerCase().replaceAll("_", " ");
}
