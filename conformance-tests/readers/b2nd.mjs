// The codec `b2nd` for zarrita: decodes whole chunks. Importing this module registers it.
// Streams of blosclz are refused, for which numcodecs has no decoder.
import { registry } from "zarrita";

const HEADER = 32;
const COMPRESSORS = { 1: "lz4", 3: "zlib", 4: "zstd" };
const [SHUFFLE, BITSHUFFLE, DELTA, TRUNC_PREC] = [1, 2, 3, 4];
const ZEROS = 1;
const REPEATED = 3;

registry.set("b2nd", () => ({ fromConfig: (configuration, meta) => new B2nd(configuration, meta) }));

class B2nd {
	kind = "array_to_bytes";

	constructor({ block_shape, checksum }, meta) {
		this.block = block_shape;
		this.checksum = checksum === "crc32c";
		this.shape = meta.shape;
		this.meta = meta;
		this.grid = meta.shape.map((length, axis) => Math.ceil(length / block_shape[axis]));
	}

	encode() {
		throw new Error("b2nd is only read here");
	}

	async decode(bytes) {
		const chunk = new Uint8Array(this.shape.reduce((a, b) => a * b, bytes[3]));
		const blocks = await this.blocks(bytes);
		blocks.forEach((block, number) => this.place(block, number, bytes[3], chunk));
		const Bytes = await registry.get("bytes")();
		return Bytes.fromConfig({ endian: "little" }, this.meta).decode(chunk);
	}

	/** The elements of every block of a chunk. */
	async blocks(bytes) {
		const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
		const int = (at) => view.getInt32(at, true);
		const [flags, typesize] = bytes.subarray(2, 4);
		const count = this.grid.reduce((a, b) => a * b, 1);
		const size = this.block.reduce((a, b) => a * b, typesize);
		const claimed = [int(4), int(8), int(12)];
		check((flags & 5) === 5 && `${claimed}` === `${[count * size, size, bytes.length]}`, `sizes ${claimed}`);
		check(!(bytes[30] & 1) && !(bytes[31] & 9), "dictionary, varying or lazy blocks");
		const special = (bytes[31] >> 4) & 7;
		if (special || flags & 2) {
			check(!this.checksum && (!special || special === ZEROS || special === REPEATED), `special ${special}`);
			const elements = new Uint8Array(count * size);
			if (special === REPEATED) elements.forEach((_, at) => (elements[at] = bytes[HEADER + (at % typesize)]));
			if (!special) elements.set(bytes.subarray(HEADER));
			return Array.from({ length: count }, (_, n) => elements.subarray(n * size, (n + 1) * size));
		}
		const starts = Array.from({ length: count }, (_, n) => int(HEADER + 4 * n));
		if (this.checksum) verify(bytes, view, starts);
		const filters = [...bytes.subarray(16, 22)];
		check(filters.every((filter) => filter <= TRUNC_PREC), `filters ${filters}`);
		const blocks = [];
		for (const start of starts) {
			let block = await streams(bytes, start, size, flags & 16 ? 1 : typesize, COMPRESSORS[flags >> 5]);
			for (const filter of filters.toReversed()) block = undo(filter, block, typesize, blocks[0]);
			blocks.push(block);
		}
		return blocks;
	}

	/** Puts the part of a block that lies within the chunk where it belongs. */
	place(block, number, typesize, chunk) {
		const rank = this.shape.length;
		const row = (this.block[rank - 1] ?? 1) * typesize;
		const start = this.grid.map(() => 0);
		for (let axis = rank - 1, rest = number; axis >= 0; axis--) {
			start[axis] = (rest % this.grid[axis]) * this.block[axis];
			rest = Math.floor(rest / this.grid[axis]);
		}
		for (let from = 0; from < block.length; from += row) {
			let [inside, to, stride, rest] = [true, 0, typesize, Math.floor(from / typesize)];
			for (let axis = rank - 1; axis >= 0; axis--) {
				const at = start[axis] + (rest % this.block[axis]);
				inside &&= at < this.shape[axis];
				to += at * stride;
				stride *= this.shape[axis];
				rest = Math.floor(rest / this.block[axis]);
			}
			const cut = rank ? Math.min(row, (this.shape[rank - 1] - start[rank - 1]) * typesize) : row;
			if (inside) chunk.set(block.subarray(from, from + cut), to);
		}
	}
}

/** The streams of a block, decompressed, one after the other. */
async function streams(bytes, start, size, count, compressor) {
	const out = new Uint8Array(size);
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const length = size / count;
	for (let n = 0, at = start; n < count; n++) {
		const stored = view.getInt32(at, true);
		const data = bytes.subarray(at + 4, at + 4 + Math.max(stored, 0));
		const place = out.subarray(n * length, (n + 1) * length);
		at += 4 + (stored < 0 ? 1 : stored);
		if (stored === length) place.set(data);
		else if (stored < 0) place.fill(-stored);
		else if (stored > 0) place.set(await decompress(compressor, data, length));
	}
	return out;
}

async function decompress(compressor, data, length) {
	check(compressor, "blosclz streams, which are not decoded here");
	if (compressor === "lz4") {
		// Numcodecs has the length before the stream.
		const sized = new Uint8Array(4 + data.length);
		new DataView(sized.buffer).setUint32(0, length, true);
		sized.set(data, 4);
		data = sized;
	}
	const Codec = await registry.get(compressor)();
	return Codec.fromConfig({}, {}).decode(data);
}

function undo(filter, block, typesize, first) {
	const elements = block.length / typesize;
	const out = block.slice();
	if (filter === SHUFFLE) {
		for (let at = 0; at < block.length; at++) out[(at % elements) * typesize + Math.floor(at / elements)] = block[at];
	} else if (filter === BITSHUFFLE) {
		// Elements beyond a multiple of 8 are not shuffled.
		const groups = Math.floor(elements / 8);
		out.fill(0, 0, groups * 8 * typesize);
		for (let at = 0; at < groups * 8 * typesize; at++) {
			const plane = Math.floor(at / groups);
			const to = (at % groups) * 8 * typesize + (plane >> 3);
			for (let bit = 0; bit < 8; bit++) out[to + bit * typesize] |= ((block[at] >> bit) & 1) << (plane & 7);
		}
	} else if (filter === DELTA) {
		const unit = typesize === 2 || typesize === 4 ? typesize : typesize % 8 ? 1 : 8;
		for (let at = first ? 0 : unit; at < out.length; at++) out[at] ^= first ? first[at] : out[at - unit];
	}
	return out;
}

/** Compares the checksums of each block, and of all that is before the blocks. */
function verify(bytes, view, starts) {
	const table = HEADER + 4 * starts.length;
	const borders = [...new Set(starts), bytes.length].sort((a, b) => a - b);
	const same = (at, from, to) => check(view.getUint32(at, true) === crc32c(bytes.subarray(from, to)), `checksum at ${at}`);
	same(2 * table - HEADER, 0, 2 * table - HEADER);
	starts.forEach((start, n) => same(table + 4 * n, start, borders[borders.indexOf(start) + 1]));
}

function crc32c(bytes) {
	let crc = ~0;
	for (const byte of bytes) {
		crc ^= byte;
		for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc >>> 0;
}

function check(condition, what) {
	if (!condition) throw new Error(`b2nd: ${what}`);
}
