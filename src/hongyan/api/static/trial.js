/** Operations to be tried: the request as it would be sent, as curl, and what came back. */

import { bodySchema, exampleOf } from "./schema.js";
import { clear, copyButton, find, make, put } from "./words.js";

const HEADERS_OF_INTEREST = [
  "date", "content-type", "retry-after", "www-authenticate", "allow", "location", "cache-control",
];

/** The key that was entered at the top of the page; empty without one. */
export const enteredKey = () => find("key").value.trim();

/** Which key an operation takes, as the end of its words: `docs.needs.…`. */
export function keyNeeded({ security = [] }) {
  const kinds = security.flatMap(Object.keys);
  if (!kinds.length) return "none";
  if (kinds.includes("metricsKey")) return "metrics";
  return kinds.includes("publishableKey") ? "any" : "secret";
}

/** `'…'` for a shell. */
const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

const masked = (key) => (key.length > 10 ? `${key.slice(0, 3)}…${key.slice(-4)}` : key && "…");

function curlOf({ method, url, headers, body }) {
  const parts = [`curl -i ${quoted(new URL(url, location.origin).href)}`];
  if (method !== "GET" && body === undefined) parts.push(`-X ${method}`);
  for (const header of Object.entries(headers)) parts.push(`-H ${quoted(header.join(": "))}`);
  if (body !== undefined) parts.push(`-d ${quoted(compact(body))}`);
  return parts.join(" \\\n  ");
}

function compact(text) {
  return isJson(text) ? JSON.stringify(JSON.parse(text)) : text;
}

function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** JSON with its names set off; whatever is not JSON as it came. */
function pretty(text) {
  if (!isJson(text)) return [text];
  const indented = JSON.stringify(JSON.parse(text), null, 2);
  const parts = indented.split(/^(\s*"(?:[^"\\]|\\.)*")(?=:)/m);
  return parts.map((part, index) => (index % 2 ? make("span", { class: "name" }, part) : part));
}


/** The form that tries one operation. */
export class Trial {
  #method;
  #path;
  #operation;
  #fields = [];
  #body;
  #stopping;
  #send = make("button", { class: "primary", type: "submit", words: "docs.send" });
  #stop = make("button", { class: "quiet", type: "button", words: "docs.stop", hidden: "" });
  #note = make("p", { class: "notice", role: "alert" });
  #curl = make("code");
  #status = make("p", { class: "outcome", role: "status" });
  #answer = make("div", { class: "answer" });

  constructor(method, path, operation) {
    this.#method = method.toUpperCase();
    this.#path = path;
    this.#operation = operation;
  }

  /** The form, made once. */
  form() {
    const fields = (this.#operation.parameters ?? []).map((one) => this.#field(one));
    const form = make(
      "form",
      { class: "trial", autocomplete: "off" },
      make("h4", { words: "docs.try" }),
      ...fields,
      ...this.#bodyField(),
      make("div", { class: "row" }, this.#send, this.#stop),
      this.#note,
      this.#curlBox(),
      this.#status,
      this.#answer,
    );
    this.#listen(form);
    this.refresh();
    return form;
  }

  /** Show what would be sent as things stand. */
  refresh() {
    this.#curl.textContent = curlOf(this.#request(masked(enteredKey())));
    if (this.#body && !isJson(this.#body.value)) put(this.#note, "docs.json.bad");
    else clear(this.#note);
  }

  #listen(form) {
    form.addEventListener("input", () => this.refresh());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#try();
    });
    this.#stop.addEventListener("click", () => this.#stopping?.abort());
  }

  #field(parameter) {
    const id = `${this.#operation.operationId}-${parameter.name}`;
    const input = make("input", { id, spellcheck: "false" });
    input.required = Boolean(parameter.required);
    this.#fields.push({ ...parameter, input });
    const place = make("span", { class: "mark", words: `docs.in.${parameter.in}` });
    const label = make("label", { for: id }, make("code", {}, parameter.name), place);
    if (parameter.name !== "Idempotency-Key") return make("div", {}, label, input);
    return make("div", {}, label, make("div", { class: "row" }, input, this.#draw(input)));
  }

  /** An Idempotency-Key is drawn anew for each new request. */
  #draw(input) {
    const button = make("button", { type: "button", class: "quiet", words: "docs.draw" });
    button.addEventListener("click", () => {
      input.value = crypto.randomUUID();
      this.refresh();
    });
    return button;
  }

  #bodyField() {
    const schema = bodySchema(this.#operation);
    if (!schema) return [];
    const id = `${this.#operation.operationId}-body`;
    const text = JSON.stringify(exampleOf(schema), null, 2);
    this.#body = make("textarea", { id, spellcheck: "false", rows: text.split("\n").length + 1 });
    this.#body.value = text;
    return [make("div", {}, make("label", { for: id, words: "docs.body" }), this.#body)];
  }

  #curlBox() {
    const copy = copyButton(() => curlOf(this.#request(enteredKey())));
    const shown = make("pre", { tabindex: "0" }, this.#curl);
    const box = make("div", {}, make("div", { class: "sample" }, copy, shown));
    if (keyNeeded(this.#operation) !== "none") {
      box.append(make("p", { class: "soft fine", words: "docs.curl.note" }));
    }
    return box;
  }

  #request(key) {
    const headers = {};
    const query = new URLSearchParams();
    let path = this.#path;
    for (const { name, in: place, input } of this.#fields) {
      const value = input.value.trim();
      if (!value) continue;
      if (place === "path") path = path.replace(`{${name}}`, encodeURIComponent(value));
      else if (place === "query") query.set(name, value);
      else headers[name] = value;
    }
    if (key && keyNeeded(this.#operation) !== "none") headers.Authorization = `Bearer ${key}`;
    if (this.#body) headers["Content-Type"] = "application/json";
    const url = String(query) ? `${path}?${query}` : path;
    return { method: this.#method, url, headers, body: this.#body?.value };
  }

  async #try() {
    if (this.#stopping) return;
    const key = enteredKey();
    if (!key && keyNeeded(this.#operation) !== "none") {
      put(this.#note, "docs.key.missing");
      find("key").focus();
      return;
    }
    this.#stopping = new AbortController();
    this.#running(true);
    try {
      await this.#ask(this.#request(key));
    } catch (error) {
      put(this.#status, error.name === "AbortError" ? "docs.stopped" : "docs.lost");
    }
    this.#stopping = undefined;
    this.#running(false);
  }

  #running(yes) {
    this.#send.disabled = yes;
    this.#send.setAttribute("aria-busy", yes);
    this.#stop.hidden = !yes;
  }

  async #ask({ url, ...request }) {
    put(this.#status, "docs.running");
    this.#answer.replaceChildren();
    const began = performance.now();
    const { signal } = this.#stopping;
    const response = await fetch(url, { ...request, signal, cache: "no-store" });
    this.#showStatus(response, Math.round(performance.now() - began));
    const body = make("pre", { tabindex: "0" });
    this.#answer.replaceChildren(headersOf(response), body);
    await read(response, body);
  }

  #showStatus({ status, statusText }, ms) {
    clear(this.#status);
    this.#status.append(
      make("span", { class: `status s${String(status)[0]}` }, `${status} ${statusText}`),
      make("span", { words: "docs.took", values: { ms } }),
    );
  }
}

function headersOf({ headers }) {
  const told = HEADERS_OF_INTEREST.filter((name) => headers.has(name));
  const pairs = told.flatMap((name) => [make("dt", {}, name), make("dd", {}, headers.get(name))]);
  return make("dl", { class: "headers" }, ...pairs);
}

/** Show a body: a stream as it comes, all else when it is whole. */
async function read(response, shown) {
  if (response.headers.get("content-type")?.startsWith("text/event-stream")) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      shown.append(part.value);
    }
    return;
  }
  const text = await response.text();
  if (text) shown.replaceChildren(...pretty(text));
  else put(shown, "docs.empty");
}
