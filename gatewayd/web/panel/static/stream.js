// Keeps a page current: one stream of events for a browser, however many tabs it has open. HTTP/1.1 allows six
// connections to a server; a stream for each tab would hang the seventh without an error.
//
// The tab that holds a lock listens for all and passes events on by a channel; hidden tabs hold none. An event names a
// kind of thing that has changed; parts of the page that show it (data-live) load themselves anew, at most once a second.
// Where no stream is to be had, they do so every few seconds instead, ever slower while it stays away.

const NAME = "gatewayd-events";
const PART_MS = 1000;
const POLL_FIRST_MS = 2000;
const POLL_LAST_MS = 30_000;

const seen = new Map(); // element id -> when it loaded itself last
const due = new Map(); // element id -> timer

function refresh(part) {
  const wait = (seen.get(part.id) ?? -Infinity) + PART_MS - performance.now();
  if (wait <= 0) {
    seen.set(part.id, performance.now());
    part.dispatchEvent(new CustomEvent("live", { bubbles: false }));
  } else if (!due.has(part.id)) {
    due.set(part.id, setTimeout(() => {
      due.delete(part.id);
      const now = document.getElementById(part.id);
      if (now) refresh(now);
    }, wait));
  }
}

function changed(kinds) {
  if (document.hidden) return;
  for (const part of document.querySelectorAll("[data-live]")) {
    const wanted = part.dataset.live.split(" ");
    if (kinds === null || kinds.some((kind) => wanted.includes(kind))) refresh(part);
  }
}

export function startStream(url) {
  const channel = new BroadcastChannel(NAME);
  let last = ""; // the newest event of any tab, so that the next one to listen misses none
  let letGo = null; // ends our turn with the lock
  let wanted = null; // aborts our waiting for it

  channel.onmessage = ({ data }) => {
    last = data.id || last;
    changed(data.kinds);
  };

  function pass(id, kinds) {
    last = id || last;
    channel.postMessage({ id, kinds });
    changed(kinds);
  }

  function listen() {
    return new Promise((resolve) => {
      let source = null;
      let timer = 0;
      let pause = POLL_FIRST_MS;
      const open = () => {
        source = new EventSource(last ? `${url}?after=${encodeURIComponent(last)}` : url);
        source.onmessage = (event) => {
          pause = POLL_FIRST_MS;
          pass(event.lastEventId, event.data.split(" "));
        };
        source.onerror = () => {
          if (source.readyState !== EventSource.CLOSED) return; // it comes back by itself, with its last event's id
          pass("", null);
          timer = setTimeout(open, pause);
          pause = Math.min(pause * 2, POLL_LAST_MS);
        };
      };
      letGo = () => {
        source?.close();
        clearTimeout(timer);
        letGo = null;
        resolve();
      };
      open();
    });
  }

  function join() {
    if (letGo || wanted) return;
    wanted = new AbortController();
    navigator.locks.request(NAME, { signal: wanted.signal }, () => {
      wanted = null;
      return document.hidden ? undefined : listen();
    }).catch(() => { wanted = null; });
  }

  function leave() {
    wanted?.abort();
    wanted = null;
    letGo?.();
  }

  function poll(pause) {
    setTimeout(() => {
      changed(null);
      poll(document.hidden ? pause : Math.min(pause * 1.5, POLL_LAST_MS));
    }, pause);
  }

  if (!navigator.locks) { // plain http from another machine: browsers keep locks for safe contexts
    poll(POLL_FIRST_MS * 2);
    return;
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      leave();
    } else {
      changed(null);
      join();
    }
  });
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", () => { if (!document.hidden) join(); });
  if (!document.hidden) join();
}
