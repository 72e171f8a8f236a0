// The API reference, made of openapi.json.

import { ask, byId, element } from "./page.js";
import { attempt } from "./docs_try.js";

const pretty = (value) => JSON.stringify(value, null, 2);

/** The little Markdown our descriptions use: paragraphs, **bold**, `code`. */
function prose(text) {
  return text.trim().split(/\n\s*\n/).map((paragraph) => {
    const parts = paragraph.split(/(\*\*[^*]+\*\*|`[^`]+`)/).map((part) => {
      if (part.startsWith("**")) return element("b", {}, part.slice(2, -2));
      if (part.startsWith("`")) return element("code", {}, part.slice(1, -1));
      return part;
    });
    return element("p", {}, ...parts);
  });
}

/** The type of a schema in words. */
function type(schema) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.anyOf ?? schema.oneOf) return (schema.anyOf ?? schema.oneOf).map(type).join(" or ");
  if (schema.const !== undefined) return pretty(schema.const);
  if (schema.enum) return schema.enum.map(pretty).join(" | ");
  if (schema.type === "array") return `list of ${type(schema.items)}`;
  if (schema.additionalProperties) return `map of ${type(schema.additionalProperties)}`;
  const bounds = [
    schema.minimum !== undefined ? `from ${schema.minimum}` : "",
    schema.maximum !== undefined ? `to ${schema.maximum}` : "",
    schema.default !== undefined ? `default ${pretty(schema.default)}` : "",
  ].filter(Boolean);
  return [schema.format ?? schema.type, ...bounds].join(" ");
}

function answer(status, response) {
  const [content] = Object.values(response.content ?? {});
  const examples = content?.example !== undefined ? [content.example]
    : Object.values(content?.examples ?? {}).map((e) => e.value);
  return element(
    "div", {},
    element("span", { className: "status" }, `${status} `),
    element("span", {}, [response.description, type(content?.schema)].filter(Boolean).join(" · ")),
    ...examples.map((example) => element("pre", {}, pretty(example))),
  );
}

function operation(path, method, about) {
  const parameters = about.parameters ?? [];
  const answers = Object.entries(about.responses ?? {}).map(([status, r]) => answer(status, r));
  return element(
    "details", { className: "card operation", id: `${method}${path}` },
    element(
      "summary", {},
      element("span", { className: "method" }, "101" in about.responses ? "WS" : method.toUpperCase()),
      element("span", { className: "path" }, path),
      element("span", { className: "quiet" }, about.summary ?? ""),
    ),
    element(
      "div", { className: "inside" },
      ...prose(about.description ?? ""),
      element("h3", {}, "Try it"),
      attempt(path, parameters, type),
      element("h3", {}, "Answers"),
      element("div", { className: "answers" }, ...answers),
    ),
  );
}

function schema(name, about) {
  const fields = Object.entries(about.properties ?? {}).flatMap(([field, of]) => [
    element("dt", {}, field),
    element("dd", {}, element("i", {}, type(of)), of.description ? ` · ${of.description}` : ""),
  ]);
  return element(
    "div", { className: "schema", id: name },
    element("h3", {}, name),
    ...prose(about.description ?? ""),
    element("dl", {}, ...fields),
  );
}

async function show() {
  const api = await ask("openapi.json");
  byId("title").textContent = api.info.title;
  byId("version").textContent = `· version ${api.info.version} · OpenAPI ${api.openapi}`;
  byId("description").replaceChildren(...prose(api.info.description));
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, about]) => operation(path, method, about)));
  byId("operations").replaceChildren(...operations);
  operations[0].open = true;
  byId("schemas").replaceChildren(
    ...Object.entries(api.components.schemas).map(([name, about]) => schema(name, about)),
  );
}

show().catch((error) => {
  byId("notice").hidden = false;
  byId("notice").querySelector("p").textContent = `The reference could not be made: ${error.message}`;
});
