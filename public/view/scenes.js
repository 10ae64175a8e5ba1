// What each technique looks like on the ladder: small scenes, drawn still in the texts and on the home page.

const at = (time, way, kind, label, more = {}) => ({ n: 1, time, way, kind, label, ...more });
const up = (time, label, more) => at(time, "up", "request", label, more);
const news = (time, id, more) => at(time, "down", "message", id, more);
const empty = (time, label, more) => at(time, "down", "empty", label, more);

const polls = [];
for (let n = 0; n < 6; n++) {
  polls.push(up(n, "any news?"));
  polls.push(n === 4 ? news(n + 0.03, "yes: id 8") : empty(n + 0.03, "no"));
}

export const SCENES = {
  "0-http": {
    title: "The browser asks, the server answers; later it asks again. Between the two the server can say nothing.",
    crossings: [up(0, "GET /page", { kind: "frame" }), at(0.4, "down", "answer", "200, the page"), up(2, "GET /news", { kind: "frame" }), at(2.4, "down", "answer", "200, the news")],
  },
  "1-short-polling": {
    title: "The browser asks once a second. Five answers say: nothing new. One brings a message.",
    crossings: polls,
  },
  "2-long-polling": {
    title: "The browser asks once, and the server waits with its answer until there is a message. Then the browser asks again at once.",
    crossings: [up(0, "any news after 7?"), news(2.6, "id 8"), up(3.2, "any news after 8?"), news(4.2, "id 9"), up(4.8, "any news after 9?")],
    until: 6.4,
  },
  "3-comet": {
    title: "One request. The answer begins and does not end: four messages and a heartbeat are pieces of it.",
    crossings: [up(0, "GET /stream"), at(0.1, "down", "open", "200, and it goes on"), news(1, "id 8"), news(2.2, "id 9"), at(3.2, "down", "heartbeat", "an empty line"), news(4.1, "id 10"), news(4.8, "id 11")],
    until: 5.6,
  },
  "4-iframe-push": {
    title: "A hidden iframe asks for a page. The page never ends: each script in it is a message.",
    crossings: [up(0, "the iframe asks for a page"), at(0.1, "down", "open", "200, a page that goes on"), news(1, "<script> id 8"), news(2, "<script> id 9"), news(3, "<script> id 10"), news(4, "<script> id 11")],
    until: 4.8,
  },
  "5-sse": {
    title: "One request, many events. The connection is cut. The browser comes back by itself and says which id it saw last; the event it missed comes first.",
    crossings: [
      up(0, "GET /stream"), at(0.1, "down", "open", "200, an event stream"), news(1, "id 8"), news(1.7, "id 9"),
      at(2.3, "end", "cut", "cut"), up(3.7, "GET /stream", { cursor: "9" }), at(3.8, "down", "open", "200"), news(4.3, "id 10, which was missed"), news(5.1, "id 11"),
    ],
    until: 5.8,
  },
  "6-websocket": {
    title: "A handshake: the browser asks, the server answers 101. Then both sides send whenever they like, until both say close.",
    crossings: [
      up(0, "GET, Upgrade: websocket"), at(0.15, "down", "handshake", "101: from here on, frames"), at(0.9, "up", "frame", "hello"), news(1.5, "hello to you"), news(2.3, "news"),
      at(3, "up", "frame", "more"), at(3.7, "down", "heartbeat", "ping"), at(3.8, "up", "heartbeat", "pong"), at(4.7, "up", "close", "Close 1000"), at(4.9, "down", "close", "Close 1000"), at(5.1, "end", "end", ""),
    ],
    until: 5.4,
  },
  "7-socket-io": {
    title: "Socket.IO begins with polls, one of which waits. Then a WebSocket is tried and taken, and events and answers to them go both ways.",
    crossings: [
      up(0, "polling: open"), empty(0.1, "0: session, rules"), up(0.8, "polling: wait"), at(1.6, "up", "request", "Upgrade: websocket", { n: 2 }), at(1.7, "down", "handshake", "101", { n: 2 }),
      at(2.4, "up", "frame", "2probe", { n: 2 }), news(2.9, "3probe", { n: 2 }), empty(3.4, "6: go"), at(4.1, "up", "frame", "5: upgrade", { n: 2 }),
      at(4.8, "up", "frame", "42[\"hello\"] with question 0", { n: 2 }), news(5.4, "430: the answer", { n: 2 }), news(6.2, "42[\"news\"]", { n: 2 }),
    ],
    until: 6.8,
  },
  "8-race": {
    title: "Every technique at once, with the same messages.",
    crossings: [up(0, "poll"), up(0.2, "stream", { n: 2 }), at(0.3, "down", "open", "", { n: 2 }), news(1, "", { n: 2 }), empty(1.2, ""), news(2, "", { n: 2 }), up(2.4, ""), news(2.5, ""), news(3, "", { n: 2 }), up(3.6, ""), empty(3.7, "")],
    until: 4.2,
  },
  "9-machines": {
    title: "A message that is published at one server arrives at the clients of the other.",
    crossings: [up(0, ""), at(0.1, "down", "open", ""), news(0.8, ""), at(1.6, "end", "cut", "cut"), up(2.6, "", { cursor: "9" }), at(2.7, "down", "open", ""), news(3, ""), news(3.8, "")],
    until: 4.2,
  },
};

SCENES.comparison = {
  title: "From asking again and again to being told: a poll, a request that waits, and a stream.",
  crossings: [
    up(0, "short polling"), empty(0.05, "no"), up(1, ""), empty(1.05, ""), up(2, ""), news(2.05, "yes"),
    up(2.7, "long polling", { n: 2 }), news(4.2, "yes", { n: 2 }), up(4.8, "a stream", { n: 3 }), at(4.9, "down", "open", "", { n: 3 }), news(5.6, "yes", { n: 3 }), news(6.2, "yes", { n: 3 }), news(6.8, "yes", { n: 3 }),
  ],
  until: 7.2,
};
