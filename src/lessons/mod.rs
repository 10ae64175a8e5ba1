//! The lessons: one module per technique, in reading order.
//!
//! 1. [`short_polling`]: ask again and again.
//! 2. [`long_polling`]: ask once, and be answered when there is news.
//! 3. [`comet`]: one answer that goes on.
//! 4. [`iframe_push`]: one page that goes on, a script at a time.
//! 5. [`sse`]: one answer that goes on, in a format that browsers read.
//! 6. [`websocket`]: both ways at once.
//! 7. [`socket_io`]: events, answers and rooms, on top of lessons 2 and 6.
//! 8. [`race`]: all of them at once.
//!
//! What all of them share:
//!
//! A lesson knows the floors below it ([the map](crate)) and no other lesson: what two of
//! them need stands below both, and the lesson that teaches it names it.
//!
//! **A message** is one line of JSON. `data` is any JSON that somebody published;
//! `event` is its kind:
//!
//! ```text
//! {"id":"k3v9-8","topic":"chat","event":"message","data":"hi","published_ms":1795276523123}
//! ```
//!
//! **To publish**, a page sends `POST /publish` with `{"data": …}`. That is the
//! same in lessons 1 to 5 ([`crate::app::publish`]) and goes to the topic `chat`. Lesson 6
//! sends the same object by its socket, lesson 7 an event.
//!
//! **A cursor** says where a page wants to go on. It is the last id that the page
//! saw, as `?after=k3v9-8`, or `?after=0` for all that is kept. Without one: from
//! now on. `k3v9` names one run of the topic, `8` counts its messages; to the page
//! the whole is just a word that it hands back.
//!
//! **A gap** is the answer to a cursor that is too old, or from before a restart:
//! "some messages are lost". All that is still kept follows, and then what is new.
//! A page may see messages a second time then.
//!
//! **A heartbeat** goes out on open connections, every 15 seconds
//! (`--heartbeat-ms`). It keeps proxies from cutting a silent connection, and lets
//! the server find out that a client is gone.
//!
//! **A client that reads too slowly** is cut, in the middle of a message if need
//! be. It comes back with its cursor.

pub mod comet;
pub mod iframe_push;
pub mod long_polling;
pub mod race;
pub mod short_polling;
pub mod socket_io;
pub mod sse;
pub mod websocket;
