#!/usr/bin/env node
// Digest of stores as zarrita reads them: `node read_zarrita.mjs PATH...`. Lines as in digest.py.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { FileSystemStore } from "@zarrita/storage";
import * as zarr from "zarrita";
import "./b2nd.mjs";

/** The arrays at and below `path`: directories whose document says so, names with `__` left out. */
function* arrays(path) {
	const v3 = join(path, "zarr.json");
	const isArray = existsSync(v3)
		? JSON.parse(readFileSync(v3, "utf8")).node_type !== "group"
		: existsSync(join(path, ".zarray"));
	if (isArray) {
		yield path;
		return;
	}
	const children = readdirSync(path, { withFileTypes: true })
		.filter((entry) => entry.isDirectory() && !entry.name.startsWith("__"))
		.map((entry) => entry.name)
		.sort();
	for (const name of children) yield* arrays(join(path, name));
}

/** As Python's json.dumps prints a list of texts. */
const dumps = (texts) =>
	`[${texts
		.map((text) =>
			JSON.stringify(text).replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`),
		)
		.join(", ")}]`;

function bytesOf(data) {
	if (Array.isArray(data)) return Buffer.from(dumps(data));
	return Buffer.from(data.buffer, data.byteOffset ?? 0, data.byteLength);
}

/** `data` in C order, if its strides are others. */
function inCOrder({ data, shape, stride }) {
	let expected = 1;
	let ordered = true;
	for (let d = shape.length - 1; d >= 0; d--) {
		ordered &&= shape[d] === 1 || stride[d] === expected;
		expected *= shape[d];
	}
	if (ordered) return data;
	throw new Error(`strides ${stride} of shape ${shape} are not C order`);
}

let failed = false;
function line(record) {
	console.log(JSON.stringify(record));
	failed ||= "error" in record;
}

for (const given of process.argv.slice(2)) {
	try {
		for (const path of arrays(given)) {
			try {
				const array = await zarr.open(new FileSystemStore(resolve(path)), { kind: "array" });
				// `get` turns an array without dimensions into a JavaScript number; its chunk has the bytes.
				const read = array.shape.length === 0 ? await array.getChunk([]) : await zarr.get(array);
				const bytes = bytesOf(inCOrder(read));
				line({ path, shape: array.shape, data_type: array.dtype, sha256: createHash("sha256").update(bytes).digest("hex") });
			} catch (error) {
				line({ path, error: `${error.name}: ${error.message}`.slice(0, 500) });
			}
		}
	} catch (error) {
		line({ path: given, error: `${error.name}: ${error.message}`.slice(0, 500) });
	}
}
process.exit(failed ? 1 : 0);
