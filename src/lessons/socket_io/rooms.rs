//! Rooms: who has joined one hears what is said in it, and nobody else does.

use super::presence::{HERE, is_name, name};
use super::server::{Args, Event, Socket};
use crate::json;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Rooms that one socket may be in, besides its own.
const MOST_ROOMS: usize = 20;

/// What is said to a room, as it comes in and, with its speaker, goes out.
#[derive(Deserialize, Serialize)]
struct RoomMessage {
    room: String,
    text: Option<Box<RawValue>>,
    #[serde(skip_deserializing)]
    from: String,
}

/// What a socket of `/` may ask about rooms.
pub fn listen(socket: &Socket) {
    socket.on("join room", |socket, event| {
        let joined = match name(&event) {
            None => Err(format!(
                "a room's name is a text of 1 to {} letters",
                super::presence::LONGEST_NAME
            )),
            Some(_) if rooms(socket).len() >= MOST_ROOMS => {
                Err(format!("one may be in {MOST_ROOMS} rooms"))
            }
            Some(room) => {
                socket.join(&room);
                Ok(())
            }
        };
        ack_rooms(socket, event, joined);
    });
    socket.on("leave room", |socket, event| {
        if let Some(room) = name(&event).filter(|room| room != socket.id()) {
            socket.leave(&room);
        }
        ack_rooms(socket, event, Ok(()));
    });
    socket.on("room message", |socket, event| {
        let said = event.args.json().first();
        let said: Option<RoomMessage> =
            said.and_then(|said| json::object(said.get().as_bytes()).ok());
        if let Some(mut said) = said.filter(|said| is_name(&said.room)) {
            said.from = socket.id().to_owned();
            let everyone_in = socket.namespace().to(&said.room);
            everyone_in.emit("room message", Args::one(&said));
        }
    });
}

/// The rooms that a socket has joined: not its own, nor the one of [`HERE`].
fn rooms(socket: &Socket) -> Vec<String> {
    let mut rooms = socket.rooms();
    rooms.retain(|room| room != socket.id() && room != HERE);
    rooms
}

/// Acknowledges with the rooms that a socket has joined; or with what was wrong.
fn ack_rooms(socket: &Socket, event: Event, joined: Result<(), String>) {
    event.ack(match joined {
        Ok(()) => Args::one(&rooms(socket)),
        Err(error) => Args::one(&serde_json::json!({ "error": error })),
    });
}
