// Prints items that libraries for single tables write, for tests/libraries/items.json:
//   npm install dynamodb-onetable dynamodb-toolbox @typedorm/core @typedorm/common @typedorm/document-client reflect-metadata \
//     aws-lambda-stream lodash highland @aws-sdk/client-dynamodb @aws-sdk/lib-dynamodb
//   NODE_PATH=node_modules node tests/libraries/items.js > tests/libraries/items.json
"use strict";
require("reflect-metadata");
const { existsSync, readFileSync } = require("node:fs");
const { DynamoDBClient } = require("@aws-sdk/client-dynamodb");
const { marshall } = require("@aws-sdk/util-dynamodb");

const rows = [];
const folders = [...module.paths, ...(process.env.NODE_PATH || "").split(":")];
function versionOf(library) {
  const file = folders.map((folder) => `${folder}/${library}/package.json`).find(existsSync);
  return JSON.parse(readFileSync(file)).version;
}
const add = (preset, library, how, entity, item) =>
  rows.push({ preset, library: `${library} ${versionOf(library)}`, how, entity, item });

/** The items that a client would put, instead of sending them. */
function recorder() {
  const puts = [];
  const client = new DynamoDBClient({ region: "us-east-1", credentials: { accessKeyId: "a", secretAccessKey: "b" } });
  const keep = (input) => [input, ...(input.TransactItems || []).map((each) => each.Put)].forEach((put) => put.Item && puts.push(put.Item));
  const stop = () => async (args) => (keep(args.input), { output: {} });
  client.middlewareStack.add(stop, { step: "initialize", priority: "low" });
  return { client, puts };
}

async function onetable() {
  const { Table } = require("dynamodb-onetable");
  const { Dynamo } = require("dynamodb-onetable/Dynamo");
  const text = (value) => ({ type: String, ...(value && { value }) });
  const models = {
    User: { pk: text("account#${id}"), sk: text("user#${email}"), id: text(), email: { type: String, unique: true } },
    order_Item: { pk: text("account#${id}"), sk: text("item#"), id: text() },
  };
  for (const typeField of ["_type", "kind"]) {
    const { client, puts } = recorder();
    const schema = { format: "onetable:1.1.0", version: "0.0.1", indexes: { primary: { hash: "pk", sort: "sk" } }, models, params: { typeField } };
    const table = new Table({ client: new Dynamo({ client }), name: "table", schema, partial: true });
    await table.getModel("User").create({ id: "1", email: "a@example.com" });
    await table.getModel("order_Item").create({ id: "1" });
    const names = typeField === "_type" ? ["_Unique", "User", "order_Item"] : [null, null, null];
    puts.forEach((item, place) => add("ONETABLE", "dynamodb-onetable", `typeField ${typeField}`, names[place], item));
  }
}

function toolbox() {
  const { Table } = require("dynamodb-toolbox/table");
  const { Entity } = require("dynamodb-toolbox/entity");
  const { PutItemCommand } = require("dynamodb-toolbox/entity/actions/put");
  const { item } = require("dynamodb-toolbox/schema/item");
  const { string } = require("dynamodb-toolbox/schema/string");
  const key = { name: "pk", type: "string" };
  const put = (how, found, tableOptions, options) => {
    const table = new Table({ name: "table", partitionKey: key, ...tableOptions });
    const entity = new Entity({ name: "OrderItem", table, schema: item({ pk: string().key() }), timestamps: false, ...options });
    add("DYNAMODB_TOOLBOX", "dynamodb-toolbox", how, found, marshall(entity.build(PutItemCommand).item({ pk: "1" }).params().Item));
  };
  put("as it is", "OrderItem", {}, {});
  put("entityAttribute with another name", "OrderItem", {}, { entityAttribute: { name: "kind", hidden: false } });
  put("entityAttribute: false", null, {}, { entityAttribute: false });
  put("entityAttributeSavedAs", null, { entityAttributeSavedAs: "kind" }, {});
}

async function typedorm() {
  const { Attribute, Entity, Table } = require("@typedorm/common");
  const { createConnection, getEntityManager } = require("@typedorm/core");
  const { DocumentClientV3 } = require("@typedorm/document-client");
  const { client, puts } = recorder();
  class User {}
  for (const [name, unique] of [["id", false], ["email", true]]) {
    Reflect.defineMetadata("design:type", String, User.prototype, name);
    Attribute({ unique })(User.prototype, name);
  }
  Entity({ name: "user", primaryKey: { partitionKey: "USER#{{id}}", sortKey: "USER#{{id}}" } })(User);
  const table = new Table({ name: "table", partitionKey: "PK", sortKey: "SK" });
  createConnection({ table, entities: [User], documentClient: new DocumentClientV3(client) });
  await getEntityManager().create(Object.assign(new User(), { id: "1", email: "a@example.com" }));
  add("TYPEDORM", "@typedorm/core", "an entity", "user", marshall(puts[0]));
  add("TYPEDORM", "@typedorm/core", "the item of a unique attribute", null, marshall(puts[1]));
}

async function lambdaStream() {
  const { fromDynamodb, toDynamodbRecords } = require("aws-lambda-stream/from/dynamodb");
  const items = [
    { pk: "1", sk: "thing", discriminator: "thing" },
    { pk: "1", sk: "Thing", discriminator: "Big-Thing" },
    { pk: "1", sk: "other|2", discriminator: "thing" },
    { pk: "1", sk: "Thing" },
  ];
  for (const item of items) {
    const [unit] = await fromDynamodb(toDynamodbRecords([{ timestamp: 1, keys: item, newImage: item }])).collect().toPromise(Promise);
    add("AWS_LAMBDA_STREAM", "aws-lambda-stream", "prefix of the event's type", unit.event.type.replace(/-created$/, ""), marshall(item));
  }
}

(async () => {
  await onetable();
  toolbox();
  await typedorm();
  await lambdaStream();
  console.log(`[\n${rows.map((row) => "  " + JSON.stringify(row)).join(",\n")}\n]`);
})();
