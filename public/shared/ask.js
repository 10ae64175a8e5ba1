// Two older ways to ask a question, of the days when a page could not read an answer by itself: a hidden iframe, and a
// script (JSONP). Each takes the URL and gives a promise of {messages, last_id, gap?}. Lessons 1 and 2 ask by them.

// ANCHOR: ask-by-iframe
export function askByIframe(url, signal) {
  return new Promise((resolve, reject) => {
    const frame = document.createElement("iframe");
    frame.hidden = true;
    frame.src = url;

    const done = (settle, value) => {
      removeEventListener("message", heard);
      // Removing an iframe also ends its request: the server sees the connection close.
      frame.remove();
      settle(value);
    };
    const heard = (event) => {
      // Any window may post to this page: only our own frame is believed.
      if (event.origin !== location.origin || event.source !== frame.contentWindow) return;
      if (event.data.error) done(reject, new Error(event.data.error));
      else done(resolve, event.data);
    };
    addEventListener("message", heard);
    // An iframe has no error event. The browser's own error page loads too, but it posts nothing.
    frame.addEventListener("load", () => setTimeout(done, 200, reject, new Error("the iframe brought no answer")));
    signal.addEventListener("abort", () => done(reject, signal.reason));
    document.body.append(frame);
  });
}
// ANCHOR_END: ask-by-iframe

let scripts = 0;

// ANCHOR: ask-by-jsonp
export function askByJsonp(url, signal) {
  return new Promise((resolve, reject) => {
    const callback = `jsonpAnswer${++scripts}`;
    const script = document.createElement("script");
    script.src = `${url}&callback=${callback}`;

    window[callback] = (answer) => {
      if (answer.error) reject(new Error(answer.error));
      else resolve(answer);
    };
    const clean = () => {
      script.remove();
      delete window[callback];
    };
    script.addEventListener("load", () => {
      clean();
      // Does nothing if the callback ran.
      reject(new Error("the script brought no answer"));
    });
    script.addEventListener("error", () => {
      clean();
      reject(new Error("the script did not load"));
    });
    // Nothing can stop a script's request, so its callback stays until it came.
    signal.addEventListener("abort", () => reject(signal.reason));
    document.head.append(script);
  });
}
// ANCHOR_END: ask-by-jsonp
