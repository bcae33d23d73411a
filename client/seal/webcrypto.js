// webcrypto.js is AES for Mayfly in a browser: the Go program, compiled to WebAssembly, calls what stands in
// globalThis.mayflyCrypto. It is a plain script. Load it before the program starts, by one of
//
//	<script src="webcrypto.js"></script>      in a page
//	importScripts("webcrypto.js")             in a worker
//	import "./webcrypto.js"                   in a module
//	node --require ./webcrypto.js             in Node
//
// It seals and opens runs of the chunks of docs/FORMAT.md, all chunks of a run at once.
"use strict";

(() => {
	const chunkSize = 16384;
	const sealedChunk = chunkSize + 16;

	// nonceOf returns base XOR i, as a big-endian number of 96 bits. A chunk's number has at most 38.
	function nonceOf(base, i) {
		const nonce = base.slice();
		const view = new DataView(nonce.buffer);
		view.setUint32(4, view.getUint32(4) ^ Math.floor(i / 2 ** 32));
		view.setUint32(8, view.getUint32(8) ^ i % 2 ** 32);
		return { name: "AES-GCM", iv: nonce };
	}

	// available reports whether there is WebCrypto. Browsers have it in secure contexts only.
	function available() {
		return Boolean(globalThis.crypto?.subtle);
	}

	// importKey returns a promise of a key that cannot be extracted again.
	function importKey(raw) {
		return crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
	}

	// sealChunks returns a promise of the size bytes that the chunks first, first + 1, … are when sealed. All but the
	// last chunk of a message are full.
	async function sealChunks(key, base, first, plain, size) {
		const sealed = new Uint8Array(size);
		const jobs = [];
		for (let i = 0; i * sealedChunk < size; i++) {
			const chunk = plain.subarray(i * chunkSize, (i + 1) * chunkSize);
			jobs.push(crypto.subtle.encrypt(nonceOf(base, first + i), key, chunk).then((bytes) => {
				sealed.set(new Uint8Array(bytes), i * sealedChunk);
			}));
		}
		await Promise.all(jobs);
		return sealed;
	}

	// openChunks returns a promise of the size bytes that were sealed, or of null if a chunk does not authenticate.
	async function openChunks(key, base, first, sealed, size) {
		const plain = new Uint8Array(size);
		const jobs = [];
		for (let i = 0; i * sealedChunk < sealed.length; i++) {
			const chunk = sealed.subarray(i * sealedChunk, (i + 1) * sealedChunk);
			jobs.push(crypto.subtle.decrypt(nonceOf(base, first + i), key, chunk).then((bytes) => {
				plain.set(new Uint8Array(bytes), i * chunkSize);
			}));
		}
		try {
			await Promise.all(jobs);
		} catch (err) {
			if (err.name === "OperationError") return null;
			throw err;
		}
		return plain;
	}

	globalThis.mayflyCrypto = Object.freeze({ available, importKey, sealChunks, openChunks });
})();
