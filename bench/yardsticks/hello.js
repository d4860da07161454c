/** The first yardstick: a bare Worker that says hello. Plain JavaScript, for it is run as it stands. */
export default {
  fetch() {
    return new Response("hello");
  },
};
