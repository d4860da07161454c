/**
 * The third yardstick: a bare Worker that sends as many bytes as `?bytes=` says, which it keeps from the first time on. Plain
 * JavaScript, for it is run as it stands.
 */
const kept = new Map();

export default {
  fetch(request) {
    const size = Number(new URL(request.url).searchParams.get("bytes"));
    if (!kept.has(size)) kept.set(size, new Uint8Array(size).fill(0x78));
    return new Response(kept.get(size), { headers: { "content-type": "application/json" } });
  },
};
