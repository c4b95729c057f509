// Reads {name: query} from the standard input and prints {name: null, or what the grammar says}.
import { parseQuery } from "@jetstreamapp/soql-parser-js";
import { readFileSync } from "node:fs";

const told = {};
for (const [name, text] of Object.entries(JSON.parse(readFileSync(0, "utf8")))) {
  try {
    parseQuery(text);
    told[name] = null;
  } catch (error) {
    told[name] = String(error.message);
  }
}
process.stdout.write(JSON.stringify(told));
