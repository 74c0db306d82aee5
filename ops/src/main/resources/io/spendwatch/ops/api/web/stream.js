// The node's server-sent events. Read with fetch, as EventSource gives up for good at the first
// status that is not 200, and cannot say from where to go on after that.

import { fetchAs } from "./token.js";

const URL_OF_EVENTS = "api/v1/events";
/** A node sends at least a comment every 10 s. */
const SILENCE_MS = 25_000;
const TRIES_MS = [500, 1000, 2000, 4000, 8000];
/** Where a node has no such path, it will hardly have it a second later. */
const ABSENT_MS = 30_000;
/** A hidden page gives its connection back: browsers allow six for each server, over all tabs. */
const HIDDEN_MS = 30_000;

/**
 * Fires `state`, and an event for each that the node sends, its `detail` being the data. States:
 * connecting, live, waiting (until `retryAt`), absent (likewise), stopped.
 */
export class Stream extends EventTarget {
  state = "connecting";
  retryAt = 0;
  heardAt = 0;
  #lastId = null;
  #tries = 0;
  #connection = null;
  #timer = 0;
  #wanted = false;

  constructor() {
    super();
    let hidden = 0;
    document.addEventListener("visibilitychange", () => {
      clearTimeout(hidden);
      if (document.hidden) {
        hidden = setTimeout(() => this.#stop(), HIDDEN_MS);
      } else if (this.#wanted && this.state === "stopped") {
        this.#connect();
      }
    });
    // A page that was left may be kept to come back to, and its connection with it.
    window.addEventListener("pagehide", () => this.#stop());
    window.addEventListener("pageshow", () => this.#wanted && this.state === "stopped" && this.#connect());
    // What the system knows about the network saves waiting.
    window.addEventListener("online", () => this.#wanted && this.state !== "live" && this.#connect());
  }

  start() {
    this.#wanted = true;
    if (this.#connection === null) this.#connect();
  }

  stop() {
    this.#wanted = false;
    this.#stop();
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#connection?.abort();
    this.#connection = null;
    this.#become("stopped");
  }

  #become(state, retryAt = 0) {
    this.retryAt = retryAt;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }

  async #connect() {
    clearTimeout(this.#timer);
    this.#connection?.abort();
    const connection = new AbortController();
    this.#connection = connection;
    if (this.state !== "waiting" && this.state !== "absent") this.#become("connecting");
    let status = 0;
    try {
      const headers = { Accept: "text/event-stream" };
      if (this.#lastId !== null) headers["Last-Event-ID"] = this.#lastId;
      const response = await fetchAs(URL_OF_EVENTS, { headers, signal: connection.signal, cache: "no-store" });
      status = response.status;
      if (response.ok) {
        this.#tries = 0;
        this.#become("live");
        await this.#read(response.body.getReader(), connection);
      } else {
        await response.body?.cancel();
      }
    } catch {
      // However it ended, it is begun again.
    }
    if (this.#connection !== connection) return; // Stopped, or begun anew, meanwhile.
    const wait = status === 404 || status === 501
      ? ABSENT_MS
      : TRIES_MS[Math.min(this.#tries++, TRIES_MS.length - 1)] * (0.75 + Math.random() / 2);
    this.#become(status === 404 || status === 501 ? "absent" : "waiting", Date.now() + wait);
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  async #read(reader, connection) {
    const decoder = new TextDecoder();
    let silence = 0;
    let rest = "";
    let event = { type: "message", data: [] };
    try {
      for (;;) {
        clearTimeout(silence);
        silence = setTimeout(() => reader.cancel().catch(() => {}), SILENCE_MS);
        const { value, done } = await reader.read();
        if (done || connection.signal.aborted) return;
        this.heardAt = Date.now();
        const lines = (rest + decoder.decode(value, { stream: true })).split(/\r\n|\n|\r(?!$)/);
        rest = lines.pop();
        for (const line of lines) event = this.#line(line, event);
      }
    } finally {
      clearTimeout(silence);
    }
  }

  /** Takes a line; returns the event that goes on. */
  #line(line, event) {
    if (line === "") {
      if (event.id !== undefined) this.#lastId = event.id;
      if (event.data.length > 0) this.#fire(event);
      return { type: "message", data: [] };
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") event.type = value;
    else if (field === "data") event.data.push(value);
    else if (field === "id") event.id = value;
    return event;
  }

  #fire(event) {
    let detail;
    try {
      detail = JSON.parse(event.data.join("\n"));
    } catch {
      return; // Not of this interface.
    }
    this.dispatchEvent(new CustomEvent(event.type, { detail }));
  }
}
