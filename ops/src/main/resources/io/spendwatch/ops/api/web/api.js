// Questions to the node that served this page.

import { fetchAs } from "./token.js";

const BASE = "api/v1/";

/** What a node has answered instead: its status and, by RFC 9457, why. */
export class Refused extends Error {
  constructor(status, detail, retryAfter) {
    super(detail);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** A path of the interface from its parts, each of them escaped, and what is asked. */
export function path(parts, query = {}) {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "" && value !== false) asked.set(name, value);
  }
  const text = asked.toString();
  return BASE + parts.map(encodeURIComponent).join("/") + (text ? "?" + text : "");
}

async function request(url, options) {
  let response;
  try {
    response = await fetchAs(url, { cache: "no-store", ...options });
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw new Refused(0, "the node does not answer", null);
  }
  if (!response.ok) {
    throw new Refused(response.status, await reason(response), response.headers.get("Retry-After"));
  }
  return response;
}

async function reason(response) {
  const title = response.status + " " + response.statusText;
  try {
    const problem = await response.json();
    return problem.detail || problem.title || title;
  } catch {
    return title;
  }
}

/** Reads JSON; throws Refused. */
export async function ask(url, signal) {
  return (await request(url, { signal, headers: { Accept: "application/json" } })).json();
}

/** Sends JSON and reads the answer; throws Refused. */
export async function send(url, body, signal, headers = {}) {
  const response = await request(url, {
    method: "POST",
    signal,
    headers: { "Content-Type": "application/json", Accept: "application/json", ...headers },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

/** Pages that are put together for a file. */
const PAGES_MAX = 40;

/**
 * Offers a list as a file of CSV; its further pages are where the header Link says. Returns whether
 * there is more than the file has.
 */
export async function download(url, name) {
  const lines = [];
  let next = url;
  for (let page = 0; next !== null && page < PAGES_MAX; page++) {
    const response = await request(next, { headers: { Accept: "text/csv" } });
    const text = await response.text();
    // Each page begins with the names.
    lines.push(page === 0 ? text : text.slice(text.indexOf("\n") + 1));
    next = /<([^>]+)>; *rel="?next"?/.exec(response.headers.get("Link") ?? "")?.[1] ?? null;
    // The path by which this page was served may have more in front than the node knows of.
    if (next !== null) next = url.split("?")[0] + "?" + next.split("?")[1];
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(lines, { type: "text/csv" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  return next !== null;
}
