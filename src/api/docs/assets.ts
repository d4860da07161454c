/** The page's own style; light or dark as the reader's system is. */
export const STYLE = `
:root{color-scheme:light dark;--ink:light-dark(#1c2128,#e6e8eb);--soft:light-dark(#59636e,#9da7b3);--paper:light-dark(#fff,#14171c);--box:light-dark(#f5f7f9,#1d2127);--line:light-dark(#d5dbe1,#343b45);--link:light-dark(#0b57b8,#7fb4ff)}
*{box-sizing:border-box}
body{margin:0 auto;max-width:62rem;padding:1.5rem 1rem 4rem;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
h1{margin:0}h2{margin:2.2rem 0 .2rem}h3{margin:1rem 0 .3rem;font-size:1rem}p{margin:.3rem 0;color:var(--soft)}a{color:var(--link)}
code,pre{font:.86em/1.5 ui-monospace,monospace;overflow-wrap:anywhere}
pre{margin:.3rem 0;padding:.6rem .8rem;overflow:auto;background:var(--paper);border:1px solid var(--line);border-radius:6px;white-space:pre-wrap}
header{position:sticky;top:0;padding:.6rem 0;background:var(--paper);border-bottom:1px solid var(--line)}
input{width:100%;padding:.55rem .7rem;font:inherit;color:inherit;background:var(--box);border:1px solid var(--line);border-radius:6px}
nav{display:flex;flex-wrap:wrap;gap:.2rem 1rem;padding-top:.4rem}
details{margin:.45rem 0;background:var(--box);border:1px solid var(--line);border-radius:6px;scroll-margin-top:7rem}
section{scroll-margin-top:6rem}
summary{padding:.5rem .8rem;cursor:pointer}summary span{color:var(--soft)}details>div{padding:0 .8rem .8rem}
summary b{display:inline-block;min-width:4.2rem;font:700 .8em ui-monospace,monospace}
.get{color:light-dark(#0b6b32,#5fd38d)}.post{color:light-dark(#0b57b8,#7fb4ff)}.put,.patch{color:light-dark(#8a4b00,#f0b35a)}.delete{color:light-dark(#b3261e,#ff8a80)}
table{width:100%;border-collapse:collapse;font-size:.93em}th,td{padding:.3rem .5rem .3rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
td p{color:inherit}[hidden]{display:none}
`;

/** Search: shows what holds every word; a link to something closed opens it. */
export const SCRIPT = `
const box = document.getElementById("search");
const found = document.getElementById("found");
const items = [...document.querySelectorAll("details")].map((item) => [item, item.textContent.toLowerCase()]);
function search() {
  const words = box.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let count = 0;
  for (const [item, text] of items) {
    item.hidden = !words.every((word) => text.includes(word));
    if (!item.hidden) count += 1;
  }
  for (const section of document.querySelectorAll("section")) section.hidden = !section.querySelector("details:not([hidden])");
  found.textContent = words.length === 0 ? "" : count + " found";
}
function open() {
  const item = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (item instanceof HTMLDetailsElement) { item.open = true; item.scrollIntoView(); }
}
box.addEventListener("input", search);
addEventListener("hashchange", open);
search();
open();
`;
