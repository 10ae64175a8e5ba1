// A page of another origin tries to open a WebSocket to this server, and tells the page around it what happened.
const path = new URLSearchParams(location.search).get("path");
const scheme = location.protocol === "https:" ? "wss" : "ws";
const socket = new WebSocket(`${scheme}://${location.host}${path}`);
// Its own origin is "null", and it knows nothing secret: anybody may read this.
const tell = (words) => parent.postMessage(words, "*");

socket.addEventListener("open", () => socket.send("from a stranger"));
socket.addEventListener("message", (event) => {
  tell(`open; the server answered: ${event.data}`);
  socket.close();
});
socket.addEventListener("error", () => tell("error: the server did not let me in"));
