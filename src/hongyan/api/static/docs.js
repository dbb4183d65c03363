/**
 * The API explorer: /openapi.json made readable, and every operation of it to be tried.
 *
 * The key that a person enters stays in this tab (sessionStorage) and goes to this server only.
 */

import { bodySchema, learn, membersOf, remarks, resolved, typeOf } from "./schema.js";
import { Trial, enteredKey, keyNeeded } from "./trial.js";
import { find, make, put, startWords } from "./words.js";

const KEY = "hongyan.key";
const METHODS = ["get", "post", "put", "patch", "delete"];


// What an operation says of itself

/** A sentence of the document; what stands in backquotes is code. */
function prose(sentence = "") {
  const parts = sentence.split("`");
  return parts.map((part, index) => (index % 2 ? make("code", {}, part) : part));
}

/** One member of a request or an answer: its name, its form, and what there is to say of it. */
function memberOf(name, schema, { required, place, about }) {
  const type = make("code", { class: "type" }, typeOf(schema));
  const term = make("dt", {}, make("code", {}, name), type);
  if (place) term.append(make("span", { class: "mark", words: `docs.in.${place}` }));
  if (required) term.append(make("span", { class: "mark strong", words: "docs.required" }));
  const sentence = prose(about ?? resolved(schema).description);
  const description = make("dd", {}, make("p", { lang: "en" }, ...sentence), ...remarks(schema));
  return make("div", {}, term, description);
}

function listOf(schema) {
  const members = membersOf(schema).map((one) => memberOf(one.path, one.schema, one));
  return make("dl", { class: "members" }, ...members);
}

function parametersOf(operation) {
  if (!operation.parameters?.length) return [];
  const members = operation.parameters.map(({ name, schema, required, in: place, description }) =>
    memberOf(name, schema, { required, place, about: description }),
  );
  return [
    make("h4", { words: "docs.parameters" }),
    make("dl", { class: "members" }, ...members),
  ];
}

function bodyOf(operation) {
  const schema = bodySchema(operation);
  if (!schema) return [];
  return [
    make("h4", { words: "docs.body" }),
    make("p", { class: "soft fine", lang: "en" }, ...prose(resolved(schema).description)),
    listOf(schema),
  ];
}

function responsesOf(operation) {
  const answers = Object.entries(operation.responses).map(([status, one]) => response(status, one));
  return [make("h4", { words: "docs.responses" }), ...answers];
}

/** An answer folds its fields away; a refusal shows its codes, for they are what one looks up. */
function response(status, { description, content = {}, "x-codes": codes }) {
  const badge = make("span", { class: `status s${status[0]}` }, status);
  if (codes) {
    const shown = codes.map((code) => make("code", { class: "problem" }, code));
    return make("div", { class: "response" }, badge, make("p", {}, ...shown));
  }
  const sentence = make("p", { lang: "en" }, ...prose(description));
  const members = listOf(content["application/json"]?.schema);
  if (!members.children.length) return make("div", { class: "response" }, badge, sentence);
  return make("details", { class: "response" }, make("summary", {}, badge, sentence), members);
}


// The page

const trials = [];

/** An operation folds out when it is wanted; only then is its inside made. */
function operationOf({ method, path, operation }) {
  const needs = keyNeeded(operation);
  const details = make(
    "details",
    { class: "operation", id: operation.operationId },
    make(
      "summary",
      {},
      make("span", { class: `method ${method}` }, method.toUpperCase()),
      make("code", { class: "path" }, path),
      make("span", { class: "about", lang: "en" }, ...prose(operation.summary)),
      make("span", { class: `needs ${needs}`, words: `docs.needs.${needs}` }),
    ),
  );
  details.addEventListener("toggle", () => unfold(details, method, path, operation));
  return details;
}

function unfold(details, method, path, operation) {
  if (!details.open || details.querySelector(".inside")) return;
  const trial = new Trial(method, path, operation);
  const reference = make(
    "div",
    { class: "reference" },
    ...parametersOf(operation),
    ...bodyOf(operation),
    ...responsesOf(operation),
  );
  details.append(make("div", { class: "inside" }, reference, trial.form()));
  trials.push(trial);
}

/** The operations of the document by their first tag, in its order. */
function groupsOf(paths) {
  const groups = new Map();
  for (const [path, methods] of Object.entries(paths)) {
    for (const method of METHODS.filter((one) => one in methods)) {
      const operation = methods[method];
      const [tag = ""] = operation.tags ?? [];
      groups.set(tag, [...(groups.get(tag) ?? []), { method, path, operation }]);
    }
  }
  return [...groups];
}

function drawOperations(groups) {
  const sections = groups.map(([tag, operations]) => {
    const title = make("h2", { lang: "en" }, tag);
    return make("section", { class: "group" }, title, ...operations.map(operationOf));
  });
  find("operations").replaceChildren(...sections);
}

function drawContents(groups) {
  const parts = groups.flatMap(([tag, operations]) => [
    make("h2", { lang: "en" }, tag),
    make("ul", {}, ...operations.map(contentsEntry)),
  ]);
  find("contents").replaceChildren(...parts);
}

function contentsEntry({ operation }) {
  const href = `#${operation.operationId}`;
  return make("li", {}, make("a", { href, lang: "en" }, ...prose(operation.summary)));
}

function openNamed() {
  const named = find(location.hash.slice(1));
  if (named?.matches("details")) {
    named.open = true;
    named.scrollIntoView();
  }
}

/** What lasts as long as the tab; nothing in a browser that was told to keep nothing. */
function kept() {
  try {
    return sessionStorage;
  } catch {
    return undefined;
  }
}

function keepKey() {
  const field = find("key");
  field.value = kept()?.getItem(KEY) ?? "";
  field.addEventListener("input", () => keyChanged());
  find("key-form").addEventListener("submit", (event) => event.preventDefault());
  find("key-forget").addEventListener("click", () => {
    field.value = "";
    keyChanged();
    field.focus();
  });
  find("key-show").addEventListener("click", () => {
    field.type = field.type === "password" ? "text" : "password";
    nameKeyButton();
  });
  nameKeyButton();
}

function keyChanged() {
  const key = enteredKey();
  if (key) kept()?.setItem(KEY, key);
  else kept()?.removeItem(KEY);
  for (const trial of trials) trial.refresh();
}

function nameKeyButton() {
  put(find("key-show"), find("key").type === "password" ? "docs.key.show" : "docs.key.hide");
}

async function start() {
  startWords();
  keepKey();
  try {
    const openapi = await (await fetch("/openapi.json")).json();
    learn(openapi);
    find("version").textContent = openapi.info.version;
    const groups = groupsOf(openapi.paths);
    drawContents(groups);
    drawOperations(groups);
  } catch {
    put(find("trouble"), "docs.failed");
    return;
  }
  openNamed();
  addEventListener("hashchange", openNamed);
}

await start();
