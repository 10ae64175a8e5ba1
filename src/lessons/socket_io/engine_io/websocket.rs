//! Engine.IO over a WebSocket: from the start, or taking over from polling.
//!
//! [`converse`] takes the frames apart, as in lesson 6. Each packet is a message
//! of its own.

use super::Engine;
use super::session::{Ended, Session, Turn};
use crate::feed::conversation::{Say, close, converse};
use crate::feed::{Encoding, Held, Link, Reason};
use crate::lessons::socket_io::codec::Malformed;
use crate::lessons::socket_io::codec::engine::{Data, Packet};
use std::sync::Arc;
use tungstenite::Message;
use tungstenite::protocol::frame::coding::CloseCode;

/// Engine.IO has pings of its own, and its sessions are no topic's subscribers.
static ENGINE_IO: Encoding = Encoding {
    message: |_| Vec::new(),
    gap: Vec::new,
    heartbeat: Vec::new,
    farewell: || close(CloseCode::Away, "the server is going down; come back"),
    silent: None,
};

/// A session that is a WebSocket from the start.
pub fn open(engine: &Arc<Engine>, mut held: Held) {
    held.go_live(&ENGINE_IO);
    let link = held.link().clone();
    let (session, packet) = match engine.open(Some(link.clone())) {
        Ok(opened) => opened,
        Err(_) => {
            let last = close(CloseCode::Again, "no session now; come back later");
            return held.end(&last, Reason::Refused);
        }
    };
    link.offer(packet.frames(), 1);
    let Ok(mut turn) = session.take_turn(false) else {
        return held.end(&close(CloseCode::Normal, ""), Reason::Finished);
    };
    let hear = |message| hear(&session, &mut turn, message);
    converse(held, engine.max_payload, hear);
    session.close(Ended::TransportClose);
}

/// A WebSocket for a session that polls.
pub fn upgrade(engine: &Arc<Engine>, session: &Arc<Session>, mut held: Held) {
    held.go_live(&ENGINE_IO);
    let link = held.link().clone();
    if !session.begin_upgrade(&link) {
        let last = close(CloseCode::Policy, "this session has its WebSocket");
        return held.end(&last, Reason::ProtocolError);
    }
    let mut turn = None;
    converse(held, engine.max_payload, |message| match &mut turn {
        Some(turn) => hear(session, turn, message),
        None => match probe(session, &link, &message) {
            Probe::Answered => Say::Answer("3probe".into()),
            Probe::Upgraded(taken) => {
                turn = Some(taken);
                Say::Nothing
            }
            Probe::Wrong => Say::Close(CloseCode::Policy, "first 2probe, then 5"),
        },
    });
    if turn.is_some() {
        session.close(Ended::TransportClose);
    } else {
        session.give_up_upgrade(&link);
    }
}

/// What a message before the end of an upgrade was.
enum Probe {
    Answered,
    Upgraded(Turn),
    Wrong,
}

fn probe(session: &Arc<Session>, link: &Arc<Link>, message: &Message) -> Probe {
    let Message::Text(text) = message else {
        return Probe::Wrong;
    };
    match Packet::from_text(text) {
        Ok(Packet::Ping(word)) if word == "probe" && session.probed(link) => Probe::Answered,
        // A POST that is still at work makes an overlap, which ends the session.
        Ok(Packet::Upgrade) if session.upgraded(link) => match session.take_turn(false) {
            Ok(turn) => Probe::Upgraded(turn),
            Err(_) => Probe::Wrong,
        },
        _ => Probe::Wrong,
    }
}

fn hear(session: &Arc<Session>, turn: &mut Turn, message: Message) -> Say {
    let packet = match message {
        Message::Binary(bytes) => Packet::Message(Data::Binary(bytes)),
        Message::Text(text) => match Packet::from_text(&text) {
            Ok(packet) => packet,
            Err(why) => return refuse(session, why),
        },
        _ => return Say::Nothing,
    };
    match packet {
        Packet::Message(data) => {
            turn.message(data);
            Say::Nothing
        }
        Packet::Pong(_) => {
            session.pong();
            Say::Nothing
        }
        Packet::Noop => Say::Nothing,
        Packet::Close => {
            session.goodbye();
            Say::Nothing
        }
        Packet::Open(_) | Packet::Ping(_) | Packet::Upgrade => refuse(
            session,
            Malformed("a client sends close, pong, message and noop"),
        ),
    }
}

/// Ends the session, and with it this conversation.
fn refuse(session: &Arc<Session>, why: Malformed) -> Say {
    log::debug!("a session ends: {why}");
    session.close(Ended::TransportError);
    Say::Nothing
}
