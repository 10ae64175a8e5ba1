// What clients other than the official one send, and what none should: by hand, where
// `packets.mjs` makes them up.

/** An object that stands for the attachment of this number. */
const place = (num) => `{"_placeholder":true,"num":${num}}`;
const ONE = `451-["message",${place(0)}]`;
const SAY = '42["message","x"]';
const BYTES = Buffer.of(1, 2, 3);
/** JSON in so many arrays. */
const nested = (levels, inside) => "[".repeat(levels) + inside + "]".repeat(levels);
const each = (list, make) => list.map(make);

/** Lists of packets for a session that has joined `/`. */
export const PACKETS = [
  // Bytes as text: what Android's client writes, `forceBase64`, and what nobody should.
  ...each(
    ["AQID\n", "AQ\r\nID\r\n", "AQIDBA==", "AQIDBA=", "AQIDBA", "AQIDBB==", "-_8", "", "=", " AQ ID "],
    (base64) => [ONE, `b${base64}`],
  ),
  ...each(["A", "!", "AQ!ID", "AqI=BA0=", "AQ==BA=="], (base64) => [ONE, `b${base64}`]),
  ["bAQID"], ["b"], [BYTES],

  // Half of a surrogate pair, and what else is JSON and no value in Rust.
  ['42["message","\\ud83d"]'], [`451-["message","\\ud83d",${place(0)}]`, BYTES], ['42["\\ud83d"]'],
  ['420["message-with-ack",{"\\ud83d":1}]'], [`451-["\\ud83d",${place(0)}]`, BYTES], ['40/custom,{"a":"\\ud83d"}'],
  [`451-["message",1e400,${place(0)}]`, BYTES],
  [`451-["message",${nested(300, place(0))}]`, BYTES], [`42["message",${nested(300, "")}]`],

  // Placeholders.
  [`451-["message",${place(0)},${place(0)}]`, BYTES],
  [`452-["message",${place(0)},${place(0)}]`, BYTES, BYTES],
  [`452-["message",${place(1)},${place(0)},${place(1)}]`, BYTES, Buffer.of(9)],
  ['451-["message","none"]', BYTES], [`451-["message",${place(1)}]`, BYTES],
  ['451-["message",{"_placeholder":true}]', BYTES],
  ...each(
    ['"0"', "-1", "null", "[0]", "{}", "0.5", "0.0", "0e0", "-0"],
    (num) => [`451-["message",${place(num)}]`, BYTES],
  ),
  ['451-["message",{"\\u005fplaceholder":true,"n\\u0075m":0}]', BYTES],
  ['451-["message",{"_placeholder":false,"_placeholder":true,"num":7,"num":0}]', BYTES],
  ['451-["message",{"a":{"_placeholder":[true],"num":3}, "b" : { "num" : 0 , "_placeholder" : true } }]', BYTES],
  [`451-["message","_placeholder",true,"num",5,{"_placeholder":"true","num":5},${place(0)}]`, BYTES],
  [`42["message",${place(0)}]`], [`451-[${place(0)}]`, BYTES], [`451-${place(0)}`, BYTES],

  // Attachments at the wrong time.
  [ONE], [ONE, SAY], [ONE, "3", BYTES], [ONE, "6", BYTES], [ONE, BYTES, BYTES], [ONE, "9"], [ONE, "40/custom,"],

  // Counts and numbers.
  ...each(
    ["", "0", "01", "+1", "1.0", "0x1", " 1", "1e0", "-1", "x", "1001"],
    (count) => [`45${count}-["message",${place(0)}]`, BYTES],
  ),
  [`451["message",${place(0)}]`, BYTES], ["451"],
  ...each(
    ["007", "9007199254740991", "9007199254740993", "9".repeat(23), " ", "\ufeff", "1 ", "-1", "1.5"],
    (id) => [`42${id}["message-with-ack",1]`],
  ),

  // Packets that lack something, or have too much.
  ["4"], ["4 "], ["4\n"], ["42"], ["425"], ["42[]"], ["42[null]"], ["42,"], ["42 "], ["44"], ["44{}"], ['44"x"'],
  ["43"], ["43[]"], ["431"], ["431[]"], ["43/custom,1[]"], ["47"], ["4x"], ["4/"], ["4-1"],
  ["451-"], ["451-", BYTES], ["461-1", BYTES], ["461-1[]", BYTES], [`461-[${place(0)}]`, BYTES],
  ['42/,["message"]'], ['42/["message"]'], ['42\n["message", "x" ]\n'], ['42["message"]]'], ['42["message",]'],
  ["42['message']"], ['42["message","\t"]'], ['42["message",01]'], ['42["message",.5]'], ['42["message",NaN]'],
  ['42["connect"]'], ['42["message-back"]'], ["42[7]"], ["42[-7.5]"],

  // Namespaces.
  ["40"], ["40{}"], ["40/"], ["40/,"], ["40/custom"], ["40/custom,"], ["40/custom,1{}"], ["40/custom,[]"],
  ["40/nowhere,"], ['40/nowhere,{"a":1}'], ["40/custom?a=1,"],
  ["41"], ["41/"], ["410"], ["41{}"], ["41/custom,"], ["41/custom,{}"], ["41,"],
  ["40/custom,", '42/custom,["message","x"]'], ["41", SAY], ["41", "40"],
  ["40/custom,", "40/custom,"], ["40/custom,", "41/custom,"],

  // Engine.IO's own.
  ...each([
    "", "0", "0{}", "1", "1x", "2", "2probe", "2x", "3", "3probe", "3x", "5", "52", "6", "6x", "7", "9", "B", "c",
    "-", " ", "\u{1f600}",
  ], (packet) => [packet]),
  [SAY, "9"], [SAY, "2"], [SAY, "1"], ["1", SAY], [SAY, "42"], [SAY, "4x"], ["5", SAY], ["3", SAY, "6"],
];

/** Lists of packets for a session that has joined no namespace. */
export const FIRST_PACKETS = [
  [SAY], ["41"], ["431[]"], ["44{}"], [ONE, BYTES], [BYTES], ["40/custom,"], ["40/custom,{}"], ["40/nowhere,"],
  ["40[]"], ["4"], ["3"], ["6"], ["5"], ["0"],
];

/** What the second connection of an upgrade begins with. */
export const UPGRADES = [
  ["2probe", "5"], ["2probe", "52"], ["52"], ["5"], ["2probe", "2probe", "5"],
  ["2probe", "5", "5"], ["2probe", "5", "2probe"], ["2probe", "4x"], ["2probe", "6"], ["2probe", "2"],
  ["2prob"], ["2"], ["2probe "], ["4x"], ["3probe"], [BYTES], ["b2probe"], [""], ["1"], ["6"], ["0"], ["7"],
];

const OPEN = "EIO=4&transport=polling";
const OF_SESSION = `${OPEN}&sid=SID`;
const WEBSOCKET = "EIO=4&transport=websocket";
const UPGRADE = {
  "Connection": "Upgrade",
  "Upgrade": "websocket",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version": "13",
};

/** Requests. `SID` stands for the id of a session that polls, and may do so afterwards. */
export const REQUESTS = [
  ...each([
    "", "EIO=4", "transport=polling", "EIO=3&transport=polling", "EIO=04&transport=polling", "EIO=&transport=polling",
    "EIO=4&transport=abc", "EIO=4&transport=POLLING", "EIO=4&transport=webtransport", "EIO=%34&transport=pol%6Cing",
    WEBSOCKET, "EIO=3&transport=websocket", OPEN, `${OPEN}&t=x`, `${OPEN}&b64=1`, `${OPEN}&j=0`,
    `EIO=3&${OPEN}`, `${OPEN}&EIO=3`,
    `${OPEN}&sid=`, `${OPEN}&sid`, `${OPEN}&sid=unknown`, `${OPEN}&sid=__proto__`,
    "EIO=3&transport=polling&sid=unknown", "transport=abc&sid=SID", "transport=polling&sid=SID",
    "EIO=3&transport=polling&sid=SID", `${WEBSOCKET}&sid=SID`, "EIO=4&sid=SID",
  ], (query) => ({ query })),
  ...["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"].flatMap((method) => [
    { method, query: OPEN },
    { method, query: `${OPEN}&sid=` },
    { method, query: `${OPEN}&sid=unknown` },
    { method, query: OF_SESSION, body: method === "HEAD" ? undefined : "3" },
  ]),
  ...each([
    "text/plain", "text/plain;charset=UTF-8", "application/json", "application/x-www-form-urlencoded",
    "application/octet-stream", "application/octet-stream; a=b", "Application/Octet-Stream",
  ], (type) => ({ method: "POST", query: OF_SESSION, headers: { "Content-Type": type }, body: "3" })),
  { method: "POST", query: OF_SESSION, headers: { "Content-Length": 0 } },
  { method: "POST", query: OF_SESSION, headers: { "Transfer-Encoding": "chunked" }, body: "3" },
  { method: "POST", query: OF_SESSION, body: Buffer.of(0x36, 0xff) },
  { method: "POST", query: OF_SESSION, body: "6".padEnd(1_000_000, "x") },
  { method: "POST", query: OF_SESSION, body: "6".padEnd(1_000_001, "x") },
  ...each([
    WEBSOCKET, `${WEBSOCKET}&sid=`, `${WEBSOCKET}&sid=SID`, `${WEBSOCKET}&sid=unknown`, "EIO=4&transport=abc",
    "EIO=3&transport=websocket", "EIO=3&transport=websocket&sid=SID", "transport=websocket", OPEN,
  ], (query) => ({ query, headers: UPGRADE })),
  { method: "POST", query: WEBSOCKET, headers: UPGRADE },
  { query: WEBSOCKET, headers: { ...UPGRADE, "Sec-WebSocket-Key": "short" } },
  { query: WEBSOCKET, headers: { ...UPGRADE, "Sec-WebSocket-Version": "12" } },
];

/** What may be said in the chat: JSON that is hard to hold. */
export const SAID = [
  '"\\ud83d"', '"\\ude00\\ud83d"', "1e400", '{ "a" :\n["\\ud83d" , 1.0 ]}', '{"\\ud83d":null}', '"\u2028"',
  nested(100, "7"),
];
