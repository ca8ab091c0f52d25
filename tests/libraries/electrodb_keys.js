// Prints the keys that ElectroDB makes, for tests/libraries/electrodb_keys.json:
//   npm install electrodb && NODE_PATH=node_modules node tests/libraries/electrodb_keys.js > tests/libraries/electrodb_keys.json
"use strict";
const { Entity } = require("electrodb");
const { version } = require("electrodb/package.json");

const ATTRIBUTES = ["id", "line", "note", "team", "order", "tasks"];
const VALUES = { id: "7", line: "3", note: "n", team: "5", order: "2", tasks: "1" };

function made(how, name, index, { service = "shop", version = "1", values = {}, identifiers } = {}) {
  const attributes = Object.fromEntries(ATTRIBUTES.map((each) => [each, { type: "string" }]));
  const model = { service, entity: name, version };
  const entity = new Entity({ model, attributes, indexes: { primary: index } }, { table: "table", identifiers });
  const item = { ...VALUES, ...values };
  const image = { ...entity.put(item).params().Item };
  const named = Object.fromEntries(Object.entries(image).filter(([key]) => key.startsWith("__")));
  return { how, entity: name, version, keys: entity.delete(item).params().Key, named };
}

const pk = (options) => ({ field: "pk", composite: ["id"], ...options });
const sk = (composite = ["line"], options) => ({ field: "sk", composite, ...options });

const LAYOUTS = {
  "isolated": (labels) => ({ pk: pk(), sk: sk(labels) }),
  "isolated, in a collection": (labels) => ({ collection: "team_work", pk: pk(), sk: sk(labels) }),
  "isolated, in two collections": (labels) => ({ collection: ["team_work", "plan"], pk: pk(), sk: sk(labels) }),
  "clustered": (labels) => ({ type: "clustered", pk: pk(), sk: sk(labels) }),
  "clustered, in a collection": (labels) => ({ type: "clustered", collection: "team_work", pk: pk(), sk: sk(labels) }),
  "clustered, in two collections": (labels) => ({ type: "clustered", collection: ["team_work", "plan"], pk: pk(), sk: sk(labels) }),
  "without a sort key": () => ({ pk: pk() }),
  "without a sort key, with a scope": () => ({ scope: "acme_eu", pk: pk() }),
};
const NAMES = ["order", "order_item", "order-item", "order2", "order_2", "Tasks", "a#b", "a$b", "$x", "Größe"];

const rows = [];
for (const [layout, index] of Object.entries(LAYOUTS)) {
  for (const name of NAMES) rows.push(made(layout, name, index()));
  for (const labels of [[], ["team"], ["tasks", "team"], ["note", "line"]]) {
    rows.push(made(`${layout}, labels ${labels.join(" and ") || "none"}`, "order", index(labels)));
  }
  for (const version of ["2", "10", "v2", "1.0", "2.1.0-beta", "2026-01-01"]) {
    rows.push(made(`${layout}, version ${version}`, "order", index(), { version }));
  }
  for (const note of ["a#b", "x_y", "#team_1", "$team_1", "x#tasks_1#y", "#order_item_1"]) {
    rows.push(made(`${layout}, value ${note}`, "order", index(["note"]), { values: { note, id: note } }));
  }
  for (const casing of ["none", "upper", "lower", "default"]) {
    const cased = index();
    cased.pk.casing = casing;
    if (cased.sk) cased.sk.casing = casing;
    rows.push(made(`${layout}, casing ${casing}`, "OrderItem", cased));
  }
}
const plain = { pk: pk(), sk: sk() };
for (const service of ["my_shop", "my-shop", "shop_1", "my$shop", "my#shop"]) {
  rows.push(made(`service ${service}`, "order", { pk: pk() }, { service }));
  rows.push(made(`service ${service}, with a sort key`, "order", plain, { service }));
}
for (const version of ["beta", "1_0", "", "1#2"]) rows.push(made(`version ${version}`, "order", plain, { version }));
rows.push(made("a collection like an entity", "tasks", { collection: "order_1", pk: pk(), sk: sk() }));
rows.push(made("scope with a sort key", "order", { scope: "acme", ...plain }));
rows.push(made("scope of a number", "order", { scope: "77", pk: pk() }));
rows.push(made("sort key of a template", "order", { pk: pk(), sk: sk(["line"], { template: "ORDER#${line}" }) }));
rows.push(made("partition key of a template", "order", { pk: pk({ template: "CUSTOMER#${id}" }), sk: sk() }));
rows.push(made("both keys of templates", "order", { pk: pk({ template: "C#${id}" }), sk: sk(["line"], { template: "O#${line}" }) }));
rows.push(made("other identifiers", "order", plain, { identifiers: { entity: "__e__", version: "__v__" } }));

const lines = rows.map((row) => "  " + JSON.stringify(row)).join(",\n");
console.log(`{"library": "electrodb ${version}", "rows": [\n${lines}\n]}`);
