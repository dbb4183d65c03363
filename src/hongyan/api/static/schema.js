/** The schemas of the document, read for people. */

import { make } from "./words.js";

const LIMITS = ["minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum", "pattern"];
const DEEPEST = 4;

/** What a property may hold, by its name: the schemas tell forms, these make sense. */
const EXAMPLES = {
  phone: "13800138000",
  to: "13800138000",
  purpose: "login",
  code: "123456",
  proof: "eyJ…",
  template: "notice",
  params: ["东门店"],
};

/** What the `$ref`s of the document name. */
let schemas = {};

/** Begin with a document: its schemas are what the functions here look up. */
export function learn(openapi) {
  ({ schemas } = openapi.components);
}

/** What a `$ref` stands for; anything else as it is. */
export function resolved(schema = {}) {
  if (!schema.$ref) return schema;
  const { $ref, ...own } = schema;
  return { ...schemas[$ref.split("/").at(-1)], ...own };
}

/** The forms a schema allows, but null: that is for members one may as well leave out. */
function choices(schema) {
  const { anyOf, oneOf } = resolved(schema);
  const given = anyOf ?? oneOf ?? [schema];
  return given.map(resolved).filter((choice) => choice.type !== "null");
}

export function typeOf(schema) {
  return choices(schema)
    .map((choice) => {
      if (choice.type === "array") return `${typeOf(choice.items)}[]`;
      return choice.type ?? (choice.enum ? "string" : "any");
    })
    .join(" | ");
}

/** The members of a schema in a row: `{path, schema, required}`; deeper ones with dots. */
export function membersOf(schema, prefix = "", depth = 0) {
  if (depth >= DEEPEST) return [];
  return choices(schema).flatMap((choice) => {
    if (choice.type === "array") return membersOf(choice.items, prefix && `${prefix}[]`, depth + 1);
    return Object.entries(choice.properties ?? {}).flatMap(([name, member]) => {
      const path = prefix ? `${prefix}.${name}` : name;
      const required = choice.required?.includes(name) ?? false;
      return [{ path, schema: member, required }, ...membersOf(member, path, depth + 1)];
    });
  });
}

/** A body to begin with: what is required, and what we know a good value for. */
export function exampleOf(schema, name = "") {
  if (Object.hasOwn(EXAMPLES, name)) return EXAMPLES[name];
  const [choice = {}] = choices(schema);
  if (choice.type === "array") return [exampleOf(choice.items)];
  if (choice.type !== "object") return choice.default ?? choice.enum?.[0] ?? "";
  const wanted = Object.entries(choice.properties ?? {}).filter(
    ([member]) => choice.required?.includes(member) || Object.hasOwn(EXAMPLES, member),
  );
  return Object.fromEntries(wanted.map(([member, of]) => [member, exampleOf(of, member)]));
}

export function remarks(schema) {
  const notes = [];
  for (const choice of choices(schema)) {
    for (const limit of LIMITS) if (limit in choice) notes.push(remark(limit, choice[limit]));
    if (choice.enum) notes.push(remark("enum", choice.enum.join(", ")));
  }
  const { default: usual } = resolved(schema);
  if (usual !== undefined && usual !== null && usual !== "") {
    notes.push(remark("default", JSON.stringify(usual)));
  }
  return notes;
}

function remark(kind, value) {
  return make("span", { class: "remark", words: `schema.${kind}`, values: { value } });
}

export function bodySchema(operation) {
  return operation.requestBody?.content["application/json"]?.schema;
}
