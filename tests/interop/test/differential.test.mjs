// The same packets and requests to npm's server and to ours: right ones, odd ones, broken
// ones. Both answer the same, and the session lives afterwards with both or with none. Where
// they differ, `DIFFERS` says why; what stands there and does not differ is a fault, too.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Server, chosen, isReference } from "../server.mjs";
import { FIRST_PACKETS, PACKETS, REQUESTS, SAID, UPGRADES } from "../odd-cases.mjs";
import { generated } from "../packets.mjs";
import { Bare, Polling, TRANSPORTS, connect, lives, meaning, request } from "../raw.mjs";

const COUNT = 300;
const SEED = 7;
/** Conversations at once. */
const AT_ONCE = 4;

const ALL = Object.keys(TRANSPORTS);
const SOCKETS = ["WebSocket", "upgraded"];

/** Where the two differ: in which groups, which cases by their names, and why. */
const DIFFERS = [
  [ALL, /^451-.* ␞ b(A|!|AQ!ID|AqI=BA0=|AQ==BA==)$/,
    "Node leaves out what is no base64 and what follows padding: not the bytes that were sent"],
  [ALL, /^451-\["message","none"\]|^452-.*"num":0\},\{"_placeholder":true,"num":0\}|^461-1(\[\])? ␞ /,
    "each attachment has a placeholder, so the text bounds how many are waited for; Node drops the others"],
  [ALL, /"num":(0\.0|0\.5|0e0|-0)\}/,
    "the number of an attachment is digits; Node looks for attachment 0.5, and hands on undefined"],
  [ALL, /^45(\+1| 1|1\.0|0x1|1e0)-/, "the count of attachments is digits; Node takes whatever Number() takes"],
  [ALL, /^42[ \ufeff]/, "a blank is no number; for Node it is 0, as Number() has it"],
  [ALL, /^429{23}\[/, "Node's ack has the number 1e+23, which its own parser does not take"],
  [ALL, /(^| ␞ )(42|425)$|^451- ␞ /, "an event has a name; Node passes over one without"],
  [SOCKETS, /(^| ␞ )1/, "a close packet ends the session, as the protocol says; Node's WebSocket passes over it"],
  [["polling"], /^451-.* ␞ <010203> ␞ <010203>$|^42.* ␞ 4x$/,
    "Node answers when all of the body is read: the end of the session comes before the answer"],
  [["polling"], /^(40\/custom, ␞ 4[012]\/custom,|41 ␞ 40$)/,
    "Node joins and leaves a namespace a moment later: what follows in the same body finds it as it was"],
  [["overlap"], /two POSTs/, "a request is one when its body is here; for Node its head is enough"],
  [["base64"], /bAQID/, "every WebSocket has binary frames; with b64=1 Node writes bytes as text, as it reads them"],
  [["requests"], /&EIO=3$|^GET EIO=3&EIO=4/, "of two values the first counts; for Node the last"],
  [["requests"], /&j=0/, "Node still has JSONP, which no client of this version asks for"],
  [["requests"], /^(PUT|DELETE|PATCH|OPTIONS|HEAD) .*sid=SID/, "it is the client's fault; Node says 500"],
  [["requests"], /Content-Length: 0$/, "what ends the session is refused; Node says ok"],
  [["requests"], /chunked/, "the course's HTTP server asks for the length of a body (411)"],
  [["requests"], /^POST .* 6\ufffd$/, "a body is UTF-8; Node puts U+FFFD in the place of other bytes"],
  [["requests"], /^POST .* 6x+ \(1000001\)$/, "a session that lost a body is not whole; Node leaves that to the client"],
  [["requests"], /^GET (EIO=3&)?transport=websocket Connection/, "Node opens the WebSocket, and writes its 400 into it"],
  [["requests"], /^GET EIO=4&transport=polling Connection/, "a poll is a poll; Node opens a WebSocket, and closes it"],
  [["requests"], /Sec-WebSocket-Version: 12$/, "RFC 6455 has 426 for another version"],
  [["requests"], /Sec-WebSocket-Key: short/, "the status is the same; the words are the ws library's own"],
];

const shown = (packet) => typeof packet === "string" ? packet : `<${packet.toString("hex")}>`;
const named = (lists) => lists.map((packets) => ({ packets, name: packets.map(shown).join(" ␞ ") }));

describe("npm's server and ours", { skip: isReference && "they would be one" }, () => {
  let servers;
  before(async () => {
    servers = await Promise.all(["reference", chosen].map((which) => new Server([], which).start()));
  });
  after(() => Promise.all(servers.map((server) => server.kill())));

  /** Asks both servers of each case, and checks that those differ that `DIFFERS` lists. */
  async function compare(group, cases, ask) {
    const listed = DIFFERS.filter(([groups]) => groups.includes(group));
    const used = new Set();
    const wrong = [];
    const left = [...cases];
    const work = async () => {
      for (let one; (one = left.shift()); ) {
        const [npm, ours] = await Promise.all(servers.map(({ origin }) => ask(origin, one)));
        const same = JSON.stringify(npm) === JSON.stringify(ours);
        const [, names, why] = listed.find(([, names]) => names.test(one.name)) ?? [];
        used.add(names);
        if (same && why) wrong.push(`${one.name}\n  does not differ any more: ${why}`);
        if (!same && !why) {
          wrong.push(`${one.name}\n  npm  ${JSON.stringify(npm)}\n  ours ${JSON.stringify(ours)}`);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    for (const [, names] of listed) if (!used.has(names)) wrong.push(`no case is called ${names}`);
    assert.equal(wrong.length, 0, wrong.join("\n"));
  }

  for (const transport of ALL) {
    test(`packets, ${transport}`, async () => {
      const cases = named([...PACKETS, ...generated(COUNT, SEED)]);
      await compare(transport, cases, async (origin, { packets }) => {
        const session = await TRANSPORTS[transport](origin);
        await connect(session);
        await session.send(packets);
        const alive = await lives(session);
        session.close();
        return { alive, came: meaning(session.packets) };
      });
    });

    test(`packets before a namespace is joined, ${transport}`, async () => {
      await compare(`${transport}, first`, named(FIRST_PACKETS), async (origin, { packets }) => {
        const session = await TRANSPORTS[transport](origin);
        await session.send(packets);
        await connect(session);
        const alive = await lives(session);
        session.close();
        return { alive, came: meaning(session.packets) };
      });
    });
  }

  test("upgrades", async () => {
    await compare("upgrades", named(UPGRADES), async (origin, { packets }) => {
      const polling = await Polling.open(origin);
      const socket = await Bare.open(origin, polling);
      await socket.send(packets);
      const bySocket = !socket.over;
      const session = bySocket ? socket : polling;
      await connect(session);
      const alive = await lives(session);
      socket.close();
      return { bySocket, alive, came: meaning(session.packets) };
    });
  });

  test("requests", async () => {
    const cases = REQUESTS.map((asked) => {
      const headers = Object.entries(asked.headers ?? {}).map((header) => header.join(": "));
      const body = asked.body ?? "";
      const said = body.length > 9 ? `${body.slice(0, 9)} (${body.length})` : body.toString();
      return { asked, name: [asked.method ?? "GET", asked.query, ...headers, said].join(" ").trim() };
    });
    await compare("requests", cases, async (origin, { asked }) => {
      const polling = await Polling.open(origin);
      const { status, text } = await request(origin, { ...asked, query: asked.query.replace("SID", polling.sid) });
      if (!asked.query.includes("SID")) return { status, words: words(status, text) };
      await connect(polling);
      return { status, words: words(status, text), alive: await lives(polling) };
    });
  });

  /** What an answer says: a body without its JSON, or the protocol's words for what was wrong. */
  function words(status, text) {
    if (status < 400) return text.replace(/\{.*/s, "");
    // Node has no words for a wrong content type.
    if (text === "" || text.includes("a body is text")) return "";
    try {
      return JSON.parse(text).message;
    } catch {
      return text;
    }
  }

  test("two polls at once", async () => {
    await compare("polls", [{ name: "two GETs" }], async (origin) => {
      const polling = await Polling.open(origin);
      const both = await Promise.all([1, 2].map(() => request(origin, { query: polling.query })));
      await connect(polling);
      return { statuses: both.map(({ status }) => status).sort(), alive: await lives(polling) };
    });
  });

  test("a POST while another one is on its way", async () => {
    await compare("overlap", [{ name: "two POSTs" }], async (origin) => {
      const polling = await Polling.open(origin);
      const asked = { method: "POST", query: polling.query, headers: { "Expect": "100-continue", "Content-Length": 1 } };
      let second;
      await request(origin, { ...asked, body: "3" }, async () => (second = await polling.post("3")));
      await connect(polling);
      return { status: second.status, alive: await lives(polling) };
    });
  });

  test("a WebSocket that asks for base64", async () => {
    const packets = ['451-["message",{"_placeholder":true,"num":0}]', "bAQID"];
    await compare("base64", named([packets]), async (origin, { packets }) => {
      const session = await Bare.open(origin, undefined, "&b64=1");
      await connect(session);
      await session.send(packets);
      const alive = await lives(session);
      session.close();
      return { alive, came: session.packets.map(shown).filter((packet) => /^[b<]/.test(packet)) };
    });
  });

  // By itself: everyone hears it.
  test("what is said in the chat", async () => {
    const cases = SAID.map((said) => ({ said, name: said }));
    for (const one of cases) {
      await compare("chat", [one], async (origin, { said }) => {
        const session = await Bare.open(origin);
        await connect(session);
        await session.send([`42["chat message",${said}]`]);
        await session.comes('42["chat message"');
        session.close();
        return { came: meaning(session.packets) };
      });
    }
  });
});
